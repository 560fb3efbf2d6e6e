import Dispatch
import Glibc

/// The process's signals, each handled on a queue. Its state is touched there alone.
///
/// @unchecked Sendable: the queue is serial.
final class Signals: @unchecked Sendable {
    let queue: DispatchQueue
    private var sources: [Int32: any DispatchSourceSignal] = [:]
    private var handlers: [Int32: () -> Void] = [:]
    /// Those that came before their handler.
    private var held: Set<Int32> = []

    init(queue: DispatchQueue) { self.queue = queue }

    /// From now on a signal does not end the process, but waits for its handler.
    func hold(_ numbers: Int32...) {
        queue.sync {
            for number in numbers { listen(to: number) }
        }
    }

    /// Calls `handler` for every `number`, in the place of the default action. To be called on the queue.
    func on(_ number: Int32, _ handler: @escaping () -> Void) {
        handlers[number] = handler
        listen(to: number)
        if held.remove(number) != nil { handler() }
    }

    private func listen(to number: Int32) {
        guard sources[number] == nil else { return }
        // Dispatch sees the signal whether it is ignored or not; ignored, it does not end us.
        _ = signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler { [unowned self] in
            if let handler = handlers[number] { handler() } else { held.insert(number) }
        }
        source.activate()
        sources[number] = source
    }
}
