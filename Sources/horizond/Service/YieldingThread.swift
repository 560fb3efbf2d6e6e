import CSockets
import Foundation

/// Work on a thread of its own that gives way to the workers where they share a processor.
enum YieldingThread {
    /// The shortest that Linux takes: a worker that has a query waits no longer for the processor.
    /// The thread's share stays what it was, so that a reload ends on a busy host too.
    private static let sliceNanoseconds: UInt64 = 100_000

    /// Runs `work`. Not on a queue, whose threads serve other queues afterwards.
    static func run(_ work: @escaping @Sendable () -> Void) {
        let thread = Thread {
            hs_give_way_after(sliceNanoseconds)
            work()
        }
        thread.name = "aside"
        thread.start()
    }
}
