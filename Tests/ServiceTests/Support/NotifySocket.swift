import Glibc
import Synchronization

/// What a service tells systemd (sd_notify): each message is a datagram of `KEY=value` lines.
final class NotifySocket: Sendable {
    private let descriptor: Int32
    private let received = Mutex<[[String: String]]>([])

    init(path: String) throws {
        descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        guard octets.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure("\(path): too long for a socket")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SocketError("bind \(path)") }
    }

    deinit { close(descriptor) }

    /// Every message since the start or the last `forget`.
    var messages: [[String: String]] { received.withLock { $0 } }

    var isReady: Bool { messages.contains { $0["READY"] == "1" } }

    func forget() { received.withLock { $0 = [] } }

    /// Waits for a message with this line; those that came before it count too.
    func wait(for key: String, _ value: String, timeout: Duration) throws -> Bool {
        try eventually(within: timeout) {
            try drain()
            return messages.contains { $0[key] == value }
        }
    }

    /// Takes in what has arrived.
    func drain() throws {
        var octets = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe octets.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            guard count >= 0 else {
                guard errno == EAGAIN || errno == EINTR else { throw SocketError("recv") }
                return
            }
            let text = String(decoding: octets[..<count], as: UTF8.self)
            var message: [String: String] = [:]
            for line in text.split(separator: "\n") {
                let parts = line.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                message[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
            }
            received.withLock { $0.append(message) }
        }
    }
}
