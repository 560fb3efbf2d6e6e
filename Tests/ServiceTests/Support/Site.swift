import DNS
import Testing

/// The program as it is built, before a real upstream, on the loopback interface or between network namespaces.
/// The tests run one after the other, since they measure times.
@Suite("horizond, the program", .serialized)
enum ServiceTests {}

/// Those of them that mostly wait, one after the other beside the rest.
@Suite("horizond, the program, beside other tests", .serialized, .sharesMachine)
enum SharingTests {}

/// The site of the README: an overlay for a domain that a CDN publishes, knotd as the world outside.
struct Site {
    static let gateway = "192.168.10.50"
    let knot: KnotUpstream
    let server: Server

    var client: Client { server.client }

    static let overlay = """
        '*': \(gateway)
        plex: public

        """

    /// `more` is added to the configuration, `files` to the zone files.
    init(_ more: String = "", files: [String: String] = [:]) throws {
        knot = try KnotUpstream()
        server = try Server(
            Self.configuration(upstream: knot.port) + more,
            files: ["zones/vanillax.me.yaml": Self.overlay].merging(files) { $1 })
    }

    static func configuration(upstream: UInt16) -> String {
        """
        zones:
          vanillax.me: zones/vanillax.me.yaml
        views:
          lan:
            clients: [127.0.0.0/8, "::1/128"]
            zones: [vanillax.me]
        forward:
          .: {to: ["127.0.0.1:\(upstream)"], cache: 30}

        """
    }
}

extension Server {
    /// A server that forwards everything to these ports of 127.0.0.1, in this order.
    static func forwarding(to ports: UInt16...) throws -> Server {
        let upstreams = ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
        return try Server("forward: {.: {to: [\(upstreams)], cache: 30}}\n")
    }
}

/// Asks first with an empty cache and then again, and checks both answers alike.
func firstAndCached(
    _ client: Client, _ name: String, _ type: RRType, over transport: Transport,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ check: (Response, SourceLocation) throws -> Void
) throws {
    for _ in 0..<2 {
        let response = try client.ask(name, type, over: transport)
        #expect(response.offersRecursion, "RA=1 on every answer", sourceLocation: sourceLocation)
        try check(response, sourceLocation)
    }
}
