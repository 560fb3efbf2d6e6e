import Dispatch
import Synchronization

/// The open connections: ends the idlest one when there are too many, and each when its deadline is over.
final class ConnectionTable: Sendable {
    private struct Connection {
        let wait: SocketWait
        /// Where it was accepted.
        let listener: AdminListener
    }

    private struct State {
        var open: [ObjectIdentifier: Connection] = [:]
        var isSweeping = false
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue

    init(queue: DispatchQueue) { self.queue = queue }

    func insert(_ wait: SocketWait, of listener: AdminListener) {
        let isFirst = state.withLock { state in
            state.open[ObjectIdentifier(wait)] = Connection(wait: wait, listener: listener)
            if state.open.count > AdminLimits.connections {
                let going = state.open.values.map(\.wait).filter { !$0.isOver }
                going.min { $0.lastEvent < $1.lastEvent }?.end()
            }
            defer { state.isSweeping = true }
            return !state.isSweeping
        }
        if isFirst { scheduleSweep() }
    }

    func remove(_ wait: SocketWait) {
        state.withLock { $0.open[ObjectIdentifier(wait)] = nil }
    }

    /// Ends those of a listener, each after the answer that is being made.
    func leave(_ listener: AdminListener) {
        let leaving = state.withLock { $0.open.values.filter { $0.listener === listener } }
        for connection in leaving { connection.wait.leave() }
    }

    /// Whether one that was ended is still there.
    var isOverfull: Bool { state.withLock { $0.open.count > AdminLimits.connections } }

    /// Ends those that are late, once a second while there are connections.
    private func scheduleSweep() {
        queue.asyncAfter(deadline: .now() + .seconds(1)) { [self] in
            let now = DispatchTime.now()
            let goesOn = state.withLock { state in
                for connection in state.open.values { connection.wait.endIfLate(at: now) }
                state.isSweeping = !state.open.isEmpty
                return state.isSweeping
            }
            if goesOn { scheduleSweep() }
        }
    }
}
