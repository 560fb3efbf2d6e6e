import Dispatch
import Glibc

/// The process's signals, each handled on a queue.
final class Signals {
    private var sources: [any DispatchSourceSignal] = []
    private let queue: DispatchQueue

    init(queue: DispatchQueue) { self.queue = queue }

    /// Calls `handler` on the queue for every `number`, in the place of the default action.
    func on(_ number: Int32, _ handler: @escaping () -> Void) {
        // Dispatch sees the signal whether it is ignored or not; ignored, it does not end us.
        _ = signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler(handler: handler)
        source.activate()
        sources.append(source)
    }
}
