import DNS
import Transport

/// The sockets that the service manager passes at the start, by the names that it gives them.
struct PassedSockets: Sendable {
    /// Those of socket units, on which clients ask. They stay open as long as the process, for a later
    /// configuration may listen where this one does not.
    private(set) var fromUnits: [BoundSocket] = []
    /// Those that an earlier process has left, with the names under which they are stored.
    private(set) var stored: [(socket: BoundSocket, name: String)] = []
    /// The descriptor for the control socket, which is no DNS socket.
    private(set) var control: Int32?
    /// What is of no use, in words for the log.
    private(set) var complaints: [String] = []

    /// What the name of a stored socket begins with, which no name of a socket unit does.
    private static let storedPrefix = "stored "
    /// What a socket unit calls its sockets by `FileDescriptorName=dns`, or when it says nothing: by its
    /// own name. `unknown` are those of whoever passes sockets without names.
    private static func isForClients(_ name: String) -> Bool {
        name == "dns" || name == "unknown" || name.hasSuffix(".socket")
    }

    init() {}

    /// Takes what was passed. `inspect` says what a descriptor is.
    init(
        _ passed: [(descriptor: Int32, name: String)],
        inspect: (Int32) -> BoundSocket? = { BoundSocket($0) }
    ) {
        for (descriptor, name) in passed {
            if name == Self.controlName, control == nil {
                control = descriptor
            } else {
                take(inspect(descriptor), name)
            }
        }
    }

    private static let controlName = "control"

    private mutating func take(_ socket: BoundSocket?, _ name: String) {
        guard name.hasPrefix(Self.storedPrefix) || Self.isForClients(name) else {
            complaints.append(
                "a socket with the name \"\(name)\" was passed and is not used; "
                    + "FileDescriptorName=dns is for clients' queries, =control for tools")
            return
        }
        guard let socket else {
            complaints.append("\"\(name)\" passes what is no UDP and no listening TCP socket")
            return
        }
        guard !name.hasPrefix(Self.storedPrefix) else { return stored.append((socket, name)) }
        guard !socket.takesIPv4 else {
            complaints.append(
                "the passed socket \(socket) takes IPv4 as well and is not used; "
                    + "the socket unit needs BindIPv6Only=ipv6-only")
            return
        }
        fromUnits.append(socket)
    }

    /// All on which clients may ask.
    var all: [BoundSocket] { fromUnits + stored.map(\.socket) }

    /// The name under which an address's sockets are stored. A colon may not stand in it.
    static func storedName(_ address: SocketAddress) -> String {
        storedPrefix + "\(address)".replacing(":", with: "_")
    }
}

extension BoundSocket: CustomStringConvertible {
    /// As in error messages about addresses: `0.0.0.0:53/udp`.
    package var description: String { "\(address)/\(transport.rawValue)" }
}
