import Foundation
import Synchronization

/// One request on its way to its last line. Any queue may write.
final class ControlExchange: Sendable {
    let user: UInt32?
    private let output: ControlOutput
    private let state = Mutex(State())
    /// Called once, when the last line is written.
    private let ended: @Sendable () -> Void

    private struct State {
        var isOpen = true
        var cancelled: (@Sendable () -> Void)?
    }

    init(user: UInt32?, output: ControlOutput, ended: @escaping @Sendable () -> Void) {
        self.user = user
        self.output = output
        self.ended = ended
    }

    private var isOpen: Bool { state.withLock { $0.isOpen } }

    var hasRoom: Bool { isOpen && output.hasRoom }

    @discardableResult
    func write(_ line: Data) -> Bool { isOpen && output.write(line) }

    func end(_ end: ControlProtocol.End) {
        guard close() != nil else { return }
        output.write(ControlProtocol.line(end))
        ended()
    }

    func onCancel(_ body: @escaping @Sendable () -> Void) {
        let hasGone = state.withLock { state in
            if state.isOpen { state.cancelled = body }
            return !state.isOpen
        }
        if hasGone { body() }
    }

    /// The tool has gone.
    func cancel() { close()?.cancelled?() }

    /// What it was before; nil when it is over already.
    private func close() -> State? {
        state.withLock { state in
            guard state.isOpen else { return nil }
            defer { state = State(isOpen: false, cancelled: nil) }
            return state
        }
    }
}
