internal import DNS
internal import Synchronization

/// How many TCP connections are open, in all and of each client, over all loops that share this
/// object: the kernel puts a client's connections to workers at random. Any thread may use it; it is
/// touched when a connection comes and when it goes, never for a query.
///
/// A full table never refuses a newcomer. The loop with most connections is told to close one, and
/// is woken for it when it is another one than the newcomer's; so a loop that has none to close
/// serves its clients all the same, and under pressure the loops come to have equally many. Until a
/// loop that was told has done it, the table is over its limit by that connection.
package final class ConnectionCensus: Sendable {
    private let state = Mutex(State())

    package init() {}

    private struct Loop {
        let wakeUp: WakeUp
        var open = 0
        /// Connections that it was told to close and has not closed yet.
        var debt = 0
        var kept: Int { open - debt }
    }

    private struct State {
        var loops: [Loop] = []
        var clients: [ClientPrefix: Int] = [:]
        /// Open connections that nobody was told to close.
        var kept = 0

        /// Tells the loop with most connections to close one; `loop` if it has as many. Returns
        /// whom to wake.
        mutating func demandOne(preferring loop: Int) -> WakeUp? {
            var largest = loop
            for index in loops.indices where loops[index].kept > loops[largest].kept {
                largest = index
            }
            guard loops[largest].kept > 0 else { return nil }
            loops[largest].debt += 1
            kept -= 1
            return largest == loop ? nil : loops[largest].wakeUp
        }
    }

    /// Adds a loop; returns its number.
    func join(_ wakeUp: WakeUp) -> Int {
        state.withLock { state in
            state.loops.append(Loop(wakeUp: wakeUp))
            return state.loops.count - 1
        }
    }

    /// Counts a new connection of `loop`, which then has to pay its debt; false, with nothing
    /// counted, when the client has too many.
    func admit(_ client: ClientPrefix, to loop: Int, _ limits: TransportLimits) -> Bool {
        let (isAdmitted, wakeUp) = state.withLock { state -> (Bool, WakeUp?) in
            let ofClient = state.clients[client, default: 0]
            guard ofClient < limits.connectionsPerClient else { return (false, nil) }
            let isFull = state.kept >= limits.connections
            let wakeUp = isFull ? state.demandOne(preferring: loop) : nil
            state.clients[client] = ofClient + 1
            state.loops[loop].open += 1
            state.kept += 1
            return (true, wakeUp)
        }
        wakeUp?.wake()
        return isAdmitted
    }

    /// A connection of `loop` has closed; that pays the loop's debt first.
    func leave(_ client: ClientPrefix, from loop: Int) {
        state.withLock { state in
            let left = state.clients[client, default: 0] - 1
            state.clients[client] = left > 0 ? left : nil
            state.loops[loop].open -= 1
            if state.loops[loop].debt > 0 { state.loops[loop].debt -= 1 } else { state.kept -= 1 }
        }
    }

    /// How many of its connections `loop` has to close now.
    func debt(of loop: Int) -> Int { state.withLock { $0.loops[loop].debt } }

    /// After the limit was lowered: the largest loops are told to close what is too much.
    func shrink(to limit: Int, by loop: Int) {
        let wakeUps = state.withLock { state -> [WakeUp] in
            var wakeUps: [WakeUp] = []
            for _ in 0..<max(0, state.kept - limit) {
                if let wakeUp = state.demandOne(preferring: loop) { wakeUps.append(wakeUp) }
            }
            return wakeUps
        }
        for wakeUp in wakeUps { wakeUp.wake() }
    }

    /// Open connections, those to be closed included.
    package var open: Int { state.withLock { $0.loops.reduce(0) { $0 + $1.open } } }
}

/// What counts as one client where connections are limited: an IPv4 address, an IPv6 /56, which is
/// what one home gets and can fill with addresses as it likes.
struct ClientPrefix: Hashable {
    private let bits: UInt64

    init(_ ip: IPAddress) {
        switch ip {
        // No global IPv6 prefix has its upper 32 bits all zero, so the two never meet.
        case .v4(let address): bits = UInt64(address)
        case .v6(let high, _): bits = high & 0xffff_ffff_ffff_ff00
        }
    }
}
