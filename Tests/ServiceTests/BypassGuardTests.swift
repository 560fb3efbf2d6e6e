import DNS
import Testing

extension ServiceTests {
    @Suite("The bypass guard")
    struct BypassGuardTests {
        private static func lines(_ server: Server) -> [Substring] {
            server.log.split(separator: "\n").filter { $0.contains("bypass-guard") }
        }

        @Test("Clients are told that the ways around do not exist; the log has a line for each")
        func denied() throws {
            let site = try Site()
            for transport in Transport.allCases {
                for name in ["use-application-dns.net", "mask.icloud.com", "x.mask-h2.icloud.com"] {
                    try firstAndCached(site.client, name, .a, over: transport) {
                        #expect($0.isNameErrorWithSOA, sourceLocation: $1)
                    }
                }
            }
            let other = try site.client.from("127.0.0.9")
            #expect(try other.ask("mask.icloud.com", .aaaa).isNameErrorWithSOA)
            #expect(eventually { Self.lines(site.server).count == 3 })
            #expect(
                Self.lines(site.server).first?.hasSuffix(
                    "notice: 127.0.0.1 asked for use-application-dns.net (Firefox's DNS over "
                        + "HTTPS): told that it does not exist; bypass-guard: false lets it pass")
                    == true)
            #expect(Self.lines(site.server).last?.contains("127.0.0.9 asked for mask.i") == true)
        }

        @Test("Without it they are names as any other")
        func off() throws {
            let upstream = try ScriptedUpstream.answering(after: .zero)
            let server = try Server(
                """
                bypass-guard: false
                forward: {.: ["127.0.0.1:\(upstream.port)"]}

                """)
            #expect(try server.client.ask("mask.icloud.com", .a).data(.a) == ["203.0.113.99"])
            #expect(Self.lines(server).isEmpty)
        }
    }
}
