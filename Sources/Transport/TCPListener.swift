internal import DNS
internal import Glibc

/// One worker's listening TCP socket at one address. Confined to the worker's queue.
final class TCPListener {
    let descriptor: Int32
    let key: SlotKey
    let address: SocketAddress

    /// Connections accepted in one go; the poll set reports the rest in the next round.
    static let maximumAccepted = 64

    /// Octets of answers in the kernel that are not on their way yet: more wait here, where
    /// `queuedOctets` bounds them, and not in a socket buffer of some megabytes.
    private static let unsent: Int32 = 32 * 1024

    init(
        _ descriptor: Int32, _ address: SocketAddress, _ key: SlotKey, _ limits: TransportLimits
    ) throws(TransportError) {
        self.descriptor = descriptor
        self.address = address
        self.key = key
        let error = Syscalls.setNonblocking(descriptor)
        guard error == 0 else { throw TransportError("fcntl", error, address, .tcp) }
        // Accepted connections have what their listener has.
        Syscalls.setNoDelay(descriptor)
        Syscalls.setUnsentLimit(descriptor, octets: Self.unsent)
        limitSilence(limits)
    }

    /// Makes the kernel give up what a client does not take, also after the connection was closed.
    /// It has twice our time: only our close tells a client that is still there.
    func limitSilence(_ limits: TransportLimits) {
        let milliseconds = 2 * limits.writeTimeout / MonotonicClock.nanosecondsPerMillisecond
        Syscalls.setUserTimeout(descriptor, milliseconds: Int32(clamping: milliseconds))
    }

    /// Gives the waiting connections to the server. False when it cannot go on, most likely for want of
    /// descriptors or memory.
    func accept(for server: StreamServer, _ context: LoopContext) -> Bool {
        var hasMadeRoom = false
        var hasAccepted = false
        for _ in 0..<Self.maximumAccepted {
            let accepted = Syscalls.accept(descriptor)
            switch -accepted.descriptor {
            case ...0:
                hasAccepted = true
                server.open(accepted.descriptor, accepted.peer)
            case EAGAIN: return true
            case EMFILE, ENFILE:
                context.counters.tcpAcceptFailures &+= 1
                context.counters.descriptorShortages &+= 1
                // As in a full table the idlest connection makes room, once; else one waiting
                // client is refused, or the poll set would report it for ever.
                if !hasMadeRoom, server.closeIdlest() {
                    hasMadeRoom = true
                    continue
                }
                guard server.spare.refuse(one: descriptor) else { return false }
            case ENOBUFS, ENOMEM:
                context.counters.tcpAcceptFailures &+= 1
                return false
            default:
                // The client has gone while it waited, or the network failed: the next one
                // (accept(2) tells to treat these like EAGAIN by retrying).
                context.counters.tcpAcceptFailures &+= 1
            }
        }
        return hasAccepted
    }

    /// The socket may be open elsewhere, too, and would then go on being reported.
    func close(_ context: LoopContext) {
        context.pollSet.remove(descriptor)
        Syscalls.close(descriptor)
    }
}

/// A descriptor kept for the case that the process has no more: it is given up to accept one
/// connection and to close it at once, so that its client learns and the queue moves on.
struct SpareDescriptor {
    private let original: Int32
    private var spare: Int32

    /// Keeps a duplicate of `original`, which stays open for as long as this value is used.
    init(of original: Int32) {
        self.original = original
        spare = Syscalls.duplicate(original)
    }

    /// Accepts and closes one connection; false when there is no descriptor even for that.
    mutating func refuse(one listener: Int32) -> Bool {
        guard spare >= 0 else {
            spare = Syscalls.duplicate(original)
            return false
        }
        Syscalls.close(spare)
        let refused = Syscalls.accept(listener).descriptor
        if refused >= 0 { Syscalls.close(refused) }
        spare = Syscalls.duplicate(original)
        return refused >= 0
    }

    mutating func close() {
        if spare >= 0 { Syscalls.close(spare) }
        spare = -1
    }
}
