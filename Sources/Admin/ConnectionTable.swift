import Dispatch
import Synchronization

/// The open connections: ends the idlest one when there are too many, and each when its deadline is over.
final class ConnectionTable: Sendable {
    private struct State {
        var open: [ObjectIdentifier: SocketWait] = [:]
        var isSweeping = false
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue

    init(queue: DispatchQueue) { self.queue = queue }

    func insert(_ wait: SocketWait) {
        let isFirst = state.withLock { state in
            state.open[ObjectIdentifier(wait)] = wait
            if state.open.count > AdminLimits.connections {
                let going = state.open.values.filter { !$0.isOver }
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

    /// Whether one that was ended is still there.
    var isOverfull: Bool { state.withLock { $0.open.count > AdminLimits.connections } }

    /// Ends those that are late, once a second while there are connections.
    private func scheduleSweep() {
        queue.asyncAfter(deadline: .now() + .seconds(1)) { [self] in
            let now = DispatchTime.now()
            let goesOn = state.withLock { state in
                for wait in state.open.values { wait.endIfLate(at: now) }
                state.isSweeping = !state.open.isEmpty
                return state.isSweeping
            }
            if goesOn { scheduleSweep() }
        }
    }
}
