internal import DNS
internal import Glibc

/// One worker's listening TCP socket at one address. Confined to the worker's queue.
final class TCPListener {
    let descriptor: Int32
    let key: SlotKey
    let address: SocketAddress

    /// Connections accepted in one go; the poll set reports the rest in the next round.
    static let maximumAccepted = 64

    init(_ descriptor: Int32, _ address: SocketAddress, _ key: SlotKey) throws(TransportError) {
        self.descriptor = descriptor
        self.address = address
        self.key = key
        let error = Syscalls.setNonblocking(descriptor)
        guard error == 0 else { throw TransportError("fcntl", error, address, .tcp) }
    }

    /// Gives the waiting connections to the server.
    func accept(for server: StreamServer, _ context: LoopContext) {
        for _ in 0..<Self.maximumAccepted {
            let accepted = Syscalls.accept(descriptor)
            switch -accepted.descriptor {
            case ...0: server.open(accepted.descriptor, accepted.peer)
            case EAGAIN: return
            case EMFILE, ENFILE:
                context.counters.tcpAcceptFailures &+= 1
                // One waiting client is refused, or the poll set would report it for ever.
                guard server.spare.refuse(one: descriptor) else { return }
            case ENOBUFS, ENOMEM:
                context.counters.tcpAcceptFailures &+= 1
                return
            default:
                // The client has gone while it waited, or the network failed: the next one
                // (accept(2) tells to treat these like EAGAIN by retrying).
                context.counters.tcpAcceptFailures &+= 1
            }
        }
    }

    func close() { Syscalls.close(descriptor) }
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
