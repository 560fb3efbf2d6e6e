internal import CSockets
package import Dispatch
internal import Glibc

/// Knows the host's interfaces and their networks, and follows their changes by rtnetlink(7).
///
/// What the kernel tells unasked says only that something changed; then all is asked for anew. To
/// reason from changes is not sure: a route that takes the place of another, or a link that goes down,
/// ends what no message names.
///
/// @unchecked Sendable: whoever makes it reads it first; once started it is touched on its queue alone.
package final class InterfaceMonitor: @unchecked Sendable {
    /// How long it must be quiet before the kernel is asked what changed, and how long that waits at
    /// most: what belongs together, such as a new prefix and the end of the old one, is told together.
    private static let settling = DispatchTimeInterval.milliseconds(100)
    private static let longestSettling = DispatchTimeInterval.milliseconds(500)
    /// When a question that was refused is asked again.
    private static let retry = DispatchTimeInterval.seconds(1)
    /// The kernel's datagrams have 32 KiB at most.
    private static let bufferSize = 64 << 10
    /// Datagrams that are read before others of the queue have their turn.
    private static let datagramsAtOnce = 64
    /// How long the kernel may take for a part of an answer at the start.
    private static let answerMilliseconds: Int32 = 1000

    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: bufferSize)
    /// What the kernel has answered so far; nil when all is answered.
    private var dump: InterfaceDump?
    /// Whether something changed since the kernel was asked, or may have.
    private var isStale = false
    private var refusal: Int32?

    private var source: (any DispatchSourceRead)?
    private var timer: (any DispatchSourceTimer)?
    /// When the first change came that the kernel has not been asked for yet.
    private var firstChange: DispatchTime?
    private var changed: ([NetworkInterface]) -> Void = { _ in }

    /// Reads what there is. Throws when the kernel or a sandbox does not let us.
    package init() throws(TransportError) {
        descriptor = Syscalls.netlinkSocket()
        guard descriptor >= 0 else { throw .system(operation: "netlink", errno: -descriptor) }
        beginDump()
        while dump != nil {
            guard Syscalls.waitUntilReadable(descriptor, milliseconds: Self.answerMilliseconds)
            else { throw .system(operation: "netlink", errno: ETIMEDOUT) }
            receive()
        }
        if let refusal { throw .system(operation: "netlink", errno: refusal) }
    }

    deinit {
        if descriptor >= 0 { Syscalls.close(descriptor) }
    }

    /// The interfaces as they were when `init` returned, or at the last change that was told.
    package private(set) var interfaces: [NetworkInterface] = []

    /// Calls `changed` on `queue` with all interfaces whenever they are others than before, until `stop`.
    /// To be called once.
    package func start(queue: DispatchQueue, _ changed: @escaping ([NetworkInterface]) -> Void) {
        precondition(source == nil)
        self.changed = changed
        firstChange = nil
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [unowned self] in settle() }
        timer.activate()
        self.timer = timer
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        // The cancel handler keeps the monitor, and so the descriptor, until the source has let go of it.
        source.setEventHandler { [unowned self] in receive() }
        source.setCancelHandler { [self] in withExtendedLifetime(self) {} }
        self.source = source
        source.activate()
        if isStale { scheduleSettling() }
    }

    /// To be called on the queue.
    package func stop() {
        changed = { _ in }
        timer?.cancel()
        source?.cancel()
    }

    // MARK: Netlink

    private func beginDump() {
        isStale = false
        refusal = nil
        ask(InterfaceDump())
    }

    /// Asks what is next in a dump.
    private func ask(_ next: InterfaceDump) {
        dump = next
        let error = Syscalls.dump(descriptor, InterfaceDump.questions[next.question])
        if error != 0 { refused(error) }
    }

    private func refused(_ error: Int32) {
        refusal = error
        dump = nil
        isStale = true
    }

    private func receive() {
        for _ in 0..<Self.datagramsAtOnce {
            let transfer = Syscalls.receive(descriptor, into: &buffer, at: 0, limit: buffer.count)
            guard case .done(let count) = transfer else {
                // ENOBUFS: the kernel had more changes to tell than the socket holds.
                if case .failed = transfer { isStale = true }
                break
            }
            for message in InterfaceMessage.all(in: buffer.span.extracting(0..<count)) {
                take(message)
            }
        }
        if isStale, dump == nil { scheduleSettling() }
    }

    private func take(_ message: InterfaceMessage) {
        switch message {
        case .changed: isStale = true
        case .refused(let error): refused(error)
        default:
            guard var current = dump else { return }
            // While it is taken from here, its tables have one owner and are not copied.
            dump = nil
            switch current.take(message) {
            case .wait: dump = current
            case .ask: ask(current)
            case .finish(let table, let isExact):
                if !isExact { isStale = true }
                tell(table.interfaces)
            }
        }
    }

    private func tell(_ now: [NetworkInterface]) {
        guard now != interfaces else { return }
        interfaces = now
        changed(now)
    }

    private func scheduleSettling() {
        guard let timer else { return }
        let now = DispatchTime.now()
        let first = firstChange ?? now
        firstChange = first
        let latest = first + (refusal == nil ? Self.longestSettling : Self.retry)
        // A timer that is set again and again while events come has no turn.
        guard now < latest else { return settle() }
        timer.schedule(deadline: refusal == nil ? min(now + Self.settling, latest) : latest)
    }

    /// Asks what changed. The end of answers that are still coming leads here again.
    private func settle() {
        firstChange = nil
        guard dump == nil else { return }
        beginDump()
        if dump == nil { scheduleSettling() }
    }
}
