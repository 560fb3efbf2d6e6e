import DNS
import Testing

@testable import Transport

/// A loop that trusts the tests' authority, and queries by number.
struct TLSClient {
    let server: LoopbackServer
    let query = message(0xffff, "twelve octets and more")

    init(_ limits: TransportLimits = TransportLimits()) throws {
        server = try LoopbackServer(nil, limits: limits)
        let context = try Certificates.context()
        server.onQueue { loop, _ in loop.tls = context }
    }

    func send(
        _ exchange: UInt64, to upstream: UpstreamEndpoint, over: ClientTransport = .udp
    ) throws {
        try server.onQueue { loop, _ in
            try loop.sendUpstream(query.span, to: upstream, over: over, exchange: exchange)
        }
    }

    func waitForReplies(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        server.waitUntil(
            { _, handler in handler.replies.count == count }, sourceLocation: sourceLocation)
    }

    /// The error of the first exchange that fails.
    func failure() -> UpstreamError? {
        server.waitUntil { _, handler in !handler.failures.isEmpty }
        return server.onQueue { _, handler in handler.failures.first?.error }
    }

    var counters: TransportCounters { server.onQueue { loop, _ in loop.counters } }
}
