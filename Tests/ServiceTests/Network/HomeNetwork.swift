import DNS

/// Three hosts, each in a network namespace of its own: one with clients, the server's, and one that
/// is the world outside.
///
/// ```
///  clients             LAN             server             WAN              outside
///  192.168.10.2   lan0 ─── lan0   192.168.10.1
///  fd00:10::2                     fd00:10::1
///                                 198.51.100.1     wan0 ─── wan0      198.51.100.2
///                                 2001:db8:20::1                    2001:db8:20::2
/// ```
///
/// The server's default routes lead outside; the clients know their LAN alone. Everyone may use any
/// port. A test that needs a namespace says so:
/// `@Suite("…", .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))`.
final class HomeNetwork: Sendable {
    /// Where everybody is.
    enum Address {
        static let client = (v4: "192.168.10.2", v6: "fd00:10::2")
        static let server = (v4: "192.168.10.1", v6: "fd00:10::1")
        /// The server's own address on the WAN.
        static let router = (v4: "198.51.100.1", v6: "2001:db8:20::1")
        static let outside = (v4: "198.51.100.2", v6: "2001:db8:20::2")
    }

    let clients: NetworkNamespace
    let server: NetworkNamespace
    let outside: NetworkNamespace
    /// The wires, where they are to have faults: their left sides are at the clients and the server.
    let lan: FaultyLink?
    let wan: FaultyLink?

    /// Wires that can have faults pass fewer frames, so they are made on demand.
    init(faultyLAN: Bool = false, faultyWAN: Bool = false, seed: UInt64 = 1) throws {
        clients = try NetworkNamespace()
        server = try NetworkNamespace()
        outside = try NetworkNamespace()
        lan = try Self.join((clients, "lan0"), (server, "lan0"), isFaulty: faultyLAN, seed)
        wan = try Self.join((server, "wan0"), (outside, "wan0"), isFaulty: faultyWAN, seed)
        try Self.number(clients, "lan0", Address.client)
        try Self.number(server, "lan0", Address.server)
        try Self.number(server, "wan0", Address.router)
        try Self.number(outside, "wan0", Address.outside)
        try server.ip(
            "route add default via \(Address.outside.v4)",
            "route add ::/0 via \(Address.outside.v6)")
    }

    private static func join(
        _ left: (NetworkNamespace, String), _ right: (NetworkNamespace, String), isFaulty: Bool,
        _ seed: UInt64
    ) throws -> FaultyLink? {
        if isFaulty { return try FaultyLink(left: left, right: right, seed: seed) }
        try left.0.join(left.1, with: right.0, as: right.1)
        return nil
    }

    private static func number(
        _ network: NetworkNamespace, _ interface: String, _ address: (v4: String, v6: String)
    ) throws {
        try network.ip(
            "addr add \(address.v4)/24 dev \(interface)",
            "addr add \(address.v6)/64 dev \(interface) nodad")
    }

    /// The lines of a configuration that listen at the LAN's addresses.
    static let listen = "listen: [\"\(Address.server.v4):53\", \"[\(Address.server.v6)]:53\"]\n"

    /// The program in its place, at port 53 of the LAN's addresses unless the configuration begins with
    /// a `listen:` of its own.
    func serve(
        _ configuration: String, files: [String: String] = [:], environment: [String: String] = [:]
    ) throws -> Server {
        let own = configuration.hasPrefix("listen:")
        return try Server(
            (own ? "" : Self.listen) + configuration, files: files, environment: environment,
            in: server)
    }

    /// A client of the server's address in the LAN, to be used `clients.inside`.
    var client: Client {
        get throws { try Self.client(of: Address.server.v4, at: Address.client.v4) }
    }
    var client6: Client {
        get throws { try Self.client(of: Address.server.v6, at: Address.client.v6) }
    }

    static func client(of server: String, at source: String) throws -> Client {
        guard let address = IPAddress(server) else { throw Failure("\(server): no address") }
        return try Client(server: Endpoint(address, 53)).from(source)
    }
}
