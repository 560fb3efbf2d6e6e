internal import CSockets
package import Dispatch
internal import Glibc

/// Knows the host's interfaces and their networks, and follows their changes by rtnetlink(7).
///
/// @unchecked Sendable: whoever makes it reads it first; once started it is touched on its queue alone.
package final class InterfaceMonitor: @unchecked Sendable {
    /// How long it must be quiet before a change is told, and how long a change waits at most: what
    /// belongs together, such as a new prefix and the end of the old one, is told together.
    private static let settling = DispatchTimeInterval.milliseconds(100)
    private static let longestSettling = DispatchTimeInterval.milliseconds(500)
    /// When a question that was refused is asked again.
    private static let retry = DispatchTimeInterval.seconds(1)
    /// The kernel's datagrams have 32 KiB at most.
    private static let bufferSize = 64 << 10
    /// Datagrams that are read before others of the queue have their turn.
    private static let datagramsAtOnce = 64
    /// How long the kernel may take for an answer, and how often it is asked again at the start while
    /// everything changes.
    private static let answerMilliseconds: Int32 = 1000
    private static let maximumFirstDumps = 4
    /// What is asked for, one after the other.
    private static let kinds = [hs_get_link, hs_get_address, hs_get_route]

    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: bufferSize)
    private var table = InterfaceTable()
    /// What the kernel has answered so far to the questions of `kinds`; nil when all is answered.
    private var dump: (kind: Int, table: InterfaceTable)?
    /// Whether something that was to be told is not in the table.
    private var isStale = false
    private var refusal: Int32?

    private var source: (any DispatchSourceRead)?
    private var timer: (any DispatchSourceTimer)?
    /// When the first change came that has not been told yet.
    private var firstChange: DispatchTime?
    private var changed: ([NetworkInterface]) -> Void = { _ in }

    /// Reads what there is. Throws when the kernel or a sandbox does not let us.
    package init() throws(TransportError) {
        descriptor = Syscalls.netlinkSocket()
        guard descriptor >= 0 else { throw .system(operation: "netlink", errno: -descriptor) }
        for _ in 0..<Self.maximumFirstDumps {
            beginDump()
            while dump != nil {
                guard Syscalls.waitUntilReadable(descriptor, milliseconds: Self.answerMilliseconds)
                else { throw .system(operation: "netlink", errno: ETIMEDOUT) }
                receive()
            }
            if let refusal { throw .system(operation: "netlink", errno: refusal) }
            if !isStale { break }
        }
    }

    deinit {
        if descriptor >= 0 { Syscalls.close(descriptor) }
    }

    /// The interfaces as they were when `init` returned, or at the last change that was told.
    package var interfaces: [NetworkInterface] { table.interfaces }

    /// Calls `changed` on `queue` with all interfaces whenever something has changed since `init`, until
    /// `stop`. To be called once.
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
        ask(kind: 0, into: InterfaceTable())
    }

    private func ask(kind: Int, into table: InterfaceTable) {
        let error = Syscalls.dump(descriptor, Self.kinds[kind])
        guard error == 0 else { return refused(error) }
        dump = (kind, table)
    }

    private func refused(_ error: Int32) {
        refusal = error
        dump = nil
        isStale = true
    }

    private func receive() {
        var hasNews = false
        for _ in 0..<Self.datagramsAtOnce {
            let transfer = Syscalls.receive(descriptor, into: &buffer, at: 0, limit: buffer.count)
            guard case .done(let count) = transfer else {
                // ENOBUFS: the kernel had more to tell than the socket holds.
                if case .failed = transfer { isStale = true }
                break
            }
            for message in InterfaceMessage.all(in: buffer.span.extracting(0..<count)) {
                if take(message) { hasNews = true }
            }
        }
        if hasNews || isStale && dump == nil { scheduleSettling() }
    }

    /// Takes over what a message says. Returns whether there is something to tell.
    private func take(_ message: InterfaceMessage) -> Bool {
        switch message {
        case .lost: isStale = true
        case .refused(let error): refused(error)
        case .end:
            guard let (kind, told) = dump else { return false }
            guard kind + 1 == Self.kinds.count else {
                ask(kind: kind + 1, into: told)
                return false
            }
            dump = nil
            table = told
            return true
        default:
            // What changes meanwhile is in the answer, or comes behind it.
            guard dump == nil else {
                _ = dump?.table.apply(message)
                return false
            }
            return table.apply(message)
        }
        return false
    }

    private func scheduleSettling() {
        guard refusal == nil else {
            timer?.schedule(deadline: .now() + Self.retry)
            return
        }
        let now = DispatchTime.now()
        let first = firstChange ?? now
        firstChange = first
        timer?.schedule(deadline: min(now + Self.settling, first + Self.longestSettling))
    }

    private func settle() {
        firstChange = nil
        guard dump == nil else { return }
        guard isStale else { return changed(table.interfaces) }
        // The answer is news, and those are told.
        beginDump()
        if dump == nil { scheduleSettling() }
    }
}
