/// Wakes a worker's loop from any thread, also while it waits in its poll set. Waking a loop several
/// times before it looks counts once; waking a stopped one does nothing visible.
package final class WakeUp: Sendable {
    /// An eventfd, owned by this value: it stays open for as long as anybody may wake.
    let descriptor: Int32

    init() throws(TransportError) {
        descriptor = Syscalls.eventDescriptor()
        guard descriptor >= 0 else { throw .system(operation: "eventfd", errno: -descriptor) }
    }

    deinit {
        if descriptor >= 0 { Syscalls.close(descriptor) }
    }

    /// Makes the loop call its handler's `messages`. Never blocks.
    package func wake() { Syscalls.signal(descriptor) }
}

/// A periodic timer in the poll set. Owns its descriptor. Confined to the worker's queue.
final class TickTimer {
    let descriptor: Int32
    private(set) var isRunning = false

    init() throws(TransportError) {
        descriptor = Syscalls.timerDescriptor()
        guard descriptor >= 0 else {
            throw .system(operation: "timerfd_create", errno: -descriptor)
        }
    }

    deinit {
        if descriptor >= 0 { Syscalls.close(descriptor) }
    }

    /// Fires every so many nanoseconds from now on.
    func start(period: Int64) {
        guard !isRunning else { return }
        isRunning = true
        Syscalls.setTimer(descriptor, period: period)
    }

    func stop() {
        guard isRunning else { return }
        isRunning = false
        Syscalls.setTimer(descriptor, period: 0)
    }
}
