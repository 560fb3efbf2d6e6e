import Foundation
import Synchronization

/// What a connection has yet to send. Any queue writes to it; whoever writes sends what the socket
/// takes at once, and the rest goes when it is ready.
final class ControlOutput: Sendable {
    /// What a live log may leave unread before lines are lost: some thousand.
    private static let roomForOffers = 256 << 10
    /// What one answer may leave unread: more than any but a hung reader does.
    private static let maximumUnsent = 4 << 20

    private let state: Mutex<State>
    private let descriptor: Int32
    /// Called when the socket takes no more for now.
    private let blocked: @Sendable () -> Void
    /// Called when nothing more can be sent.
    private let broken: @Sendable () -> Void

    private struct State {
        var octets: [UInt8] = []
        var sent = 0
        var isBlocked = false
        var isClosed = false

        var unsent: Int { octets.count - sent }
    }

    init(
        descriptor: Int32, blocked: @escaping @Sendable () -> Void,
        broken: @escaping @Sendable () -> Void
    ) {
        self.descriptor = descriptor
        self.blocked = blocked
        self.broken = broken
        state = Mutex(State())
    }

    var hasRoom: Bool {
        state.withLock { !$0.isClosed && $0.unsent < Self.roomForOffers }
    }

    /// Whether all has been sent.
    var isEmpty: Bool { state.withLock { $0.unsent == 0 } }

    /// Sends a line, now or later; false when it is lost.
    @discardableResult
    func write(_ line: Data) -> Bool {
        let next = state.withLock { state -> Next in
            guard !state.isClosed else { return .lost }
            guard state.unsent + line.count <= Self.maximumUnsent else {
                state.isClosed = true
                return .broken
            }
            state.octets.append(contentsOf: line)
            return state.isBlocked ? .waits : send(&state)
        }
        return follow(next)
    }

    /// The socket can be written again.
    func resume() {
        follow(
            state.withLock { state in
                state.isBlocked = false
                return send(&state)
            })
    }

    /// Nothing is sent any more; the descriptor may be closed.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.octets = []
            state.sent = 0
        }
    }

    private enum Next {
        case sent, waits, blocked, lost, broken
    }

    private func send(_ state: inout State) -> Next {
        while !state.isClosed, state.unsent > 0 {
            switch UnixSocket.write(descriptor, state.octets, from: state.sent) {
            case .done(let count): state.sent += count
            case .wouldBlock:
                state.octets.removeFirst(state.sent)
                state.sent = 0
                state.isBlocked = true
                return .blocked
            case .failed:
                state.isClosed = true
                return .broken
            }
        }
        state.octets.removeAll(keepingCapacity: state.octets.capacity <= Self.roomForOffers)
        state.sent = 0
        return .sent
    }

    @discardableResult
    private func follow(_ next: Next) -> Bool {
        switch next {
        case .sent, .waits: return true
        case .blocked:
            blocked()
            return true
        case .lost: return false
        case .broken:
            broken()
            return false
        }
    }
}
