import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite(
        "Two nodes with the same files",
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct SharedConfigurationTests {
        private let nodes: TwoNodes
        private let servers: [ChildProcess]

        init() throws {
            nodes = try TwoNodes()
            servers = try nodes.nodes.map { try $0.startServer() }
        }

        private func chaos(_ name: String, at node: Node) throws -> String {
            try nodes.dig("+short", "@\(node.address)", "CH", "TXT", name)
        }

        /// The digest as Prometheus sees it.
        private func metric(at node: Node) throws -> String {
            let bearer = "Authorization: Bearer \(node.read("secrets/admin-token"))"
            let text = try node.network.inside {
                try AdminClient(port: 8053).ask("/metrics", headers: [bearer]).body
            }
            let name = "\nhorizond_configuration_hash "
            let value = try #require(text.split(separator: name).last?.prefix { $0 != "\n" })
            let digits = String(try #require(UInt64(value)), radix: 16)
            return "\"" + String(repeating: "0", count: 12 - digits.count) + digits + "\""
        }

        @Test("They have one digest and an identifier each; `check` says the digest beforehand")
        func digest() throws {
            let (a, b) = (nodes.nodes[0], nodes.nodes[1])
            let digest = try chaos("digest.server", at: a)
            #expect(digest.wholeMatch(of: #/"[0-9a-f]{12}"/#) != nil, "\(digest)")
            #expect(try chaos("digest.server", at: b) == digest)
            #expect(try metric(at: a) == digest && metric(at: b) == digest)
            #expect(try chaos("id.server", at: a) == "\"node-a\"")
            #expect(try chaos("id.server", at: b) == "\"node-b\"")
            let nsid = try nodes.dig("+nsid", "@\(b.address)", "a.vanillax.me")
            #expect(nsid.contains("(\"node-b\")"), "\(nsid)")

            // A change of one node's zone file is seen beforehand, and then as drift.
            try b.write("'*': 192.168.10.51\n", to: "zones/vanillax.me.yaml")
            let checked = try b.horizond("check")
            let other = try #require(checked.firstMatch(of: #/digest ([0-9a-f]{12})\n/#)?.1)
            #expect(digest != "\"\(other)\"")
            #expect(try chaos("digest.server", at: b) == digest, "it is that of what is served")
            servers[1].signal(SIGHUP)
            #expect(try eventually { try chaos("digest.server", at: b) == "\"\(other)\"" })
            #expect(try chaos("digest.server", at: a) == digest)
            #expect(try metric(at: b) == "\"\(other)\"" && metric(at: a) == digest)
        }

        @Test("Secrets are no part of it, and it is for clients of a view alone")
        func secrets() throws {
            let (a, b) = (nodes.nodes[0], nodes.nodes[1])
            try b.write("0123456789abcdef0123456789abcdef\n", to: "secrets/cookies")
            try b.write(String(repeating: "t", count: 16), to: "secrets/admin-token")
            #expect(try b.horizond("check") == a.horizond("check"))
            try nodes.client.ip("addr add 203.0.113.7/24 dev eth0")
            for node in nodes.nodes { try node.network.ip("route add 203.0.113.0/24 dev eth0") }
            let refused = try nodes.dig(
                "-b", "203.0.113.7", "@\(a.address)", "CH", "TXT", "digest.server")
            #expect(refused.contains("status: REFUSED"), "\(refused)")
        }

        @Test("A cookie of one is good at the other")
        func cookies() throws {
            /// The cookie that is shown to a client which shows this one.
            func cookie(_ shown: String, at node: Node) throws -> String? {
                let answer = try nodes.dig("+cookie=\(shown)", "@\(node.address)", "a.vanillax.me")
                return answer.firstMatch(of: #/COOKIE: ([0-9a-f]{48})\b/#).map { String($0.1) }
            }
            let made = try #require(try cookie("2464c4abcf10c957", at: nodes.nodes[0]) as String?)
            #expect(made.hasPrefix("2464c4abcf10c957"))
            // One that is good and young comes back as it is.
            #expect(try cookie(made, at: nodes.nodes[1]) == made)
            #expect(try cookie(made, at: nodes.nodes[0]) == made)
            // One that nobody made does not.
            let forged = "2464c4abcf10c957" + String(repeating: "0", count: 32)
            #expect(try cookie(forged, at: nodes.nodes[1]) != forged)
        }
    }
}
