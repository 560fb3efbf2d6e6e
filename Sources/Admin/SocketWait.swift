import Dispatch
import FlyingSocks
import Synchronization

/// The waiting of one socket, until it can be read or written, its deadline is over, or it is to end.
///
/// FlyingSocks' own pool is not used: it forgets a descriptor after who waited has gone on and may have
/// closed it; the next socket with that number then waits without an end.
final class SocketWait: AsyncSocketPool {
    private struct State {
        var isOver = false
        /// While a request is answered, which is not cut off.
        var isAnswering = false
        /// Whether the present answer is the last one.
        var isLeaving = false
        var deadline = DispatchTime.distantFuture
        var lastEvent = DispatchTime.now()
        /// While someone waits.
        var source: Source?
    }

    /// @unchecked Sendable: a source is cancelled from any thread.
    private struct Source: @unchecked Sendable {
        private let source: any DispatchSourceProtocol

        init(_ descriptor: Int32, toWrite: Bool, queue: DispatchQueue) {
            source =
                toWrite
                ? DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
                : DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        }

        /// Calls `ended` after the first event, or when it is cancelled before.
        func activate(ended: @escaping @Sendable () -> Void) {
            source.setEventHandler { [source] in source.cancel() }
            source.setCancelHandler { ended() }
            source.activate()
        }

        func cancel() { source.cancel() }
    }

    struct Over: Error {}

    private let state = Mutex(State())
    private let queue: DispatchQueue

    init(queue: DispatchQueue) { self.queue = queue }

    /// Dispatch runs by itself.
    func prepare() async throws {}
    func run() async throws {}

    /// Returns when `socket` can be read or written; throws when the waiting is over. No source is left
    /// then, so that the socket may be closed.
    func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
        let descriptor = socket.file.rawValue
        await withCheckedContinuation { continuation in
            let source = Source(descriptor, toWrite: events.contains(.write), queue: queue)
            source.activate { continuation.resume() }
            let isOver = state.withLock {
                $0.source = source
                return $0.isOver
            }
            if isOver { source.cancel() }
        }
        let isOver = state.withLock {
            $0.source = nil
            $0.lastEvent = .now()
            return $0.isOver
        }
        guard !isOver else { throw Over() }
    }

    /// Until when the socket may wait from now on.
    func allow(seconds: Int) {
        state.withLock { $0.deadline = .now() + .seconds(seconds) }
    }

    /// Ends the waiting, now and whenever it would begin again.
    func end() {
        state.withLock {
            $0.isOver = true
            $0.source?.cancel()
        }
    }

    /// Ends the waiting at once, or after the answer that is being made.
    func leave() {
        state.withLock { state in
            state.isLeaving = true
            guard !state.isAnswering else { return }
            state.isOver = true
            state.source?.cancel()
        }
    }

    var isLeaving: Bool { state.withLock { $0.isLeaving } }

    /// From here to `endAnswer` the waiting goes on even when it is to leave.
    func beginAnswer() throws(Over) {
        let isOver = state.withLock {
            $0.isAnswering = !$0.isOver
            return $0.isOver
        }
        if isOver { throw Over() }
    }

    func endAnswer() {
        state.withLock {
            $0.isAnswering = false
            $0.isOver = $0.isOver || $0.isLeaving
        }
    }

    var isOver: Bool { state.withLock { $0.isOver } }
    var lastEvent: DispatchTime { state.withLock { $0.lastEvent } }

    func endIfLate(at now: DispatchTime) {
        state.withLock {
            guard now > $0.deadline else { return }
            $0.isOver = true
            $0.source?.cancel()
        }
    }
}
