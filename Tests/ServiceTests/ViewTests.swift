import DNS
import Testing

extension ServiceTests {
    @Suite("Views by the client's address")
    struct ViewTests {
        private static let views = """
            zones:
              vanillax.me: {records: {'*': 192.168.10.50}}
            views:
              lan:
                clients: [127.0.0.0/16, "::1/128"]
                zones: [vanillax.me]
              iot:
                clients: [127.0.1.0/24]
                zones: [{vanillax.me: {records: {'*': 192.168.20.50}}}]
              tailnet:
                clients: [127.0.1.128/25]
                zones: [{vanillax.me: zones/tailnet.yaml}]
              guest:
                clients: [127.0.2.0/24]
                zones: []
            forward: {.: {to: ["127.0.0.1:PORT"], cache: 30}}

            """

        private static func server(_ knot: KnotUpstream) throws -> Server {
            try Server(
                views.replacing("PORT", with: "\(knot.port)"),
                files: ["zones/tailnet.yaml": "'*': 100.64.0.50\n"])
        }

        @Test("The longest prefix wins, whatever the order", arguments: Transport.allCases)
        func longestPrefix(transport: Transport) throws {
            let knot = try KnotUpstream()
            let server = try Self.server(knot)
            for (source, address) in [
                ("127.0.0.1", "192.168.10.50"), ("127.0.255.254", "192.168.10.50"),
                ("127.0.1.1", "192.168.20.50"), ("127.0.1.127", "192.168.20.50"),
                ("127.0.1.128", "100.64.0.50"), ("127.0.1.255", "100.64.0.50"),
                ("127.0.2.1", PublicZones.edge4),
            ] {
                try firstAndCached(
                    server.client.from(source), "argocd.vanillax.me", .a, over: transport
                ) {
                    #expect($0.data(.a) == [address], "\(source)", sourceLocation: $1)
                }
            }
        }

        @Test("A client in no view is refused, for local and for public names")
        func outside() throws {
            let knot = try KnotUpstream()
            let server = try Self.server(knot)
            let stranger = try server.client.from("127.1.0.1")
            for transport in Transport.allCases {
                for name in ["argocd.vanillax.me", "www.example.com", "localhost"] {
                    let response = try stranger.ask(name, .a, over: transport)
                    #expect(response.rcode == .refused)
                    #expect(response.records.isEmpty)
                    #expect(response.offersRecursion)
                }
            }
        }

        @Test("An overlaid answer and a cached public one never cross views")
        func apart() throws {
            let knot = try KnotUpstream()
            let server = try Self.server(knot)
            let guest = try server.client.from("127.0.2.1")
            for _ in 0..<2 {
                #expect(
                    try guest.ask("argocd.vanillax.me", .aaaa).data(.aaaa) == [PublicZones.edge6])
                #expect(try server.client.ask("argocd.vanillax.me", .aaaa).isNoDataWithSOA)
                // knotd leaves following the CNAME to a resolver.
                #expect(
                    try guest.ask("into.example.com", .a).lines
                        == ["into.example.com. CNAME argocd.vanillax.me."])
                #expect(
                    try server.client.ask("into.example.com", .a).data(.a) == ["192.168.10.50"])
            }
        }

        @Test("A view may forward elsewhere")
        func ownForward() throws {
            let first = try ScriptedUpstream.answering("203.0.113.1")
            let second = try ScriptedUpstream.answering("203.0.113.2")
            let server = try Server(
                """
                views:
                  lan: {clients: [127.0.0.0/24]}
                  lab:
                    clients: [127.0.3.0/24]
                    forward: {.: {to: ["127.0.0.1:\(second.port)"]}}
                forward: {.: {to: ["127.0.0.1:\(first.port)"]}}

                """)
            for _ in 0..<2 {
                #expect(try server.client.ask("x.example.net", .a).data(.a) == ["203.0.113.1"])
                #expect(
                    try server.client.from("127.0.3.1").ask("x.example.net", .a).data(.a)
                        == ["203.0.113.2"])
            }
        }

        @Test("The longest forward domain wins, and without a rule for it a name is refused")
        func forwardRules() throws {
            let wide = try ScriptedUpstream.answering("203.0.113.1")
            let narrow = try ScriptedUpstream.answering("203.0.113.2")
            let server = try Server(
                """
                forward:
                  example.net: {to: ["127.0.0.1:\(wide.port)"]}
                  lab.example.net: {to: ["127.0.0.1:\(narrow.port)"]}

                """)
            #expect(try server.client.ask("www.example.net", .a).data(.a) == ["203.0.113.1"])
            #expect(try server.client.ask("lab.example.net", .a).data(.a) == ["203.0.113.2"])
            #expect(try server.client.ask("a.LAB.example.net", .a).data(.a) == ["203.0.113.2"])
            #expect(try server.client.ask("example.org", .a).rcode == .refused)
            #expect(try server.client.ask("xexample.net", .a).rcode == .refused)
        }
    }
}
