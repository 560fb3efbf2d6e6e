import DNS
import Foundation

/// A server with something to tell in each of its metrics: two views, an overlay that leaks, an upstream
/// that answers with what policies take out, and one that is gone.
final class MetricsScene: Sendable {
    let server: Server
    let upstream: ScriptedUpstream
    let adminPort: UInt16
    private let gone: UInt16

    init(hasCoreDNSNames: Bool = false, audits: Bool = false) throws {
        upstream = try ScriptedUpstream(Self.answer)
        adminPort = try freePort()
        gone = try freePort()
        server = try Server(
            Self.configuration(
                upstream: upstream.port, gone: gone, admin: adminPort, hasCoreDNSNames, audits))
    }

    private static func configuration(
        upstream: UInt16, gone: UInt16, admin: UInt16, _ hasCoreDNSNames: Bool, _ audits: Bool
    ) -> String {
        """
        admin: {listen: "127.0.0.1:\(admin)", coredns-names: \(hasCoreDNSNames)}
        zones:
          home.example: {own: [A], records: {'*': 192.168.10.50}}
          auth.example: {mode: authoritative, records: {www: 192.168.10.51}}
        views:
          lan: {clients: [127.0.0.1/32]}
          guests: {clients: [127.0.0.2/32], zones: []}
        forward:
          .: {to: "127.0.0.1:\(upstream)", cache: 30}
          gone.example: {to: "127.0.0.1:\(gone)"}
        rebind-protection: true
        \(audits ? "audit: {every: 1h}" : "")

        """
    }

    /// What the world outside says.
    @Sendable private static func answer(
        _ query: ScriptedUpstream.Received
    ) throws -> [ScriptedUpstream.Reply] {
        let question = query.question
        switch (query.label, question.type) {
        case ("none", _): return [.init(query.reply(rcode: .nameError))]
        case ("bad", _): return [.init(query.reply(rcode: .serverFailure))]
        case ("private", .a):
            let record = try Record.a("\(question.name)", "192.168.1.1")
            return [.init(query.reply([record]))]
        case (_, .a):
            return [.init(query.reply([try Record.a("\(question.name)", "203.0.113.7")]))]
        case (_, .aaaa):
            let octets = IPAddress("2001:db8::7")?.octets ?? []
            return [.init(query.reply([Record(question.name, .aaaa, ttl: 300, octets)]))]
        case (_, .https):
            // 1 . alpn=h3,h2
            let service: [UInt8] = [0, 1, 0, 0, 1, 0, 6, 2, 0x68, 0x33, 2, 0x68, 0x32]
            return [.init(query.reply([Record(question.name, .https, ttl: 300, service)]))]
        default: return [.init(query.reply())]
        }
    }

    func configure(audits: Bool, hasCoreDNSNames: Bool = false) throws {
        try server.configure(
            Self.configuration(
                upstream: upstream.port, gone: gone, admin: adminPort, hasCoreDNSNames, audits))
    }

    /// The text that is scraped.
    func metrics() throws -> WebAnswer { try webGet("/metrics", adminPort) }
}
