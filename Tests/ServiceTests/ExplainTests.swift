import Foundation
import Testing

extension ServiceTests {
    /// `horizond explain`, beside what the server really answers.
    @Suite("explain")
    struct ExplainTests {
        private static let files = [
            "zones/vanillax.me.yaml": """
            '*': \(Site.gateway)
            plex: public
            store: {type: CNAME, value: www.example.com.}

            """
        ]

        private static func configuration(upstream: UInt16) -> String {
            """
            zones:
              vanillax.me: zones/vanillax.me.yaml
            views:
              lan:
                clients: [127.0.0.0/8, 192.168.10.0/24]
              guests:
                clients: [192.168.20.0/24]
                zones: []
            forward:
              .: {to: ["127.0.0.1:\(upstream)"], cache: 30}

            """
        }

        /// A configuration and an upstream, without a server.
        private struct Scene {
            let knot: KnotUpstream
            let directory: TemporaryDirectory

            init() throws {
                knot = try KnotUpstream()
                directory = try TemporaryDirectory()
                try directory.write(
                    ExplainTests.configuration(upstream: knot.port), to: "horizond.yaml")
                for (path, text) in ExplainTests.files { try directory.write(text, to: path) }
            }

            /// The output's lines without blank ones.
            func explain(_ arguments: String...) throws -> [String] {
                let (output, status) = try run(
                    [try Server.binary, "explain", "--config", directory.file("horizond.yaml")]
                        + arguments)
                #expect(status == .exited(0))
                // Where the directory is, is of no interest.
                return output.replacingOccurrences(of: directory.path + "/", with: "")
                    .split(separator: "\n").map(String.init)
            }
        }

        @Test("an owned name: the wildcard's line, NODATA for what it hides, and what browsers do")
        func owned() throws {
            let scene = try Scene()
            let lines = try scene.explain("argocd.vanillax.me", "--client", "192.168.10.20")
            #expect(
                lines == [
                    "argocd.vanillax.me, asked by 192.168.10.20",
                    "view lan, by 192.168.10.0/24 (horizond.yaml:4)",
                    "A       192.168.10.50  (60 s)",
                    "AAAA    no data  (60 s)",
                    "HTTPS   no data  (60 s)",
                    "because zone vanillax.me: *.vanillax.me (zones/vanillax.me.yaml:1)",
                    "Chrome, Firefox, Safari: TLS over TCP to 192.168.10.50.",
                    "Nothing of the public record leaks.",
                    "(Asked without the running server, so its cache was not looked at.)",
                ])
        }

        @Test("ANY and AXFR: what the server says by itself, and why")
        func typesOfNoRecord() throws {
            let scene = try Scene()
            func ask(_ name: String, _ type: String) throws -> ArraySlice<String> {
                let lines = try scene.explain(name, "--type", type)
                let start = try #require(lines.firstIndex { $0.hasPrefix(type) } as Int?)
                return lines[start...].prefix(2)
            }
            #expect(
                try ask("argocd.vanillax.me", "ANY") == [
                    "ANY     A 192.168.10.50  (60 s)",
                    "because zone vanillax.me: *.vanillax.me (zones/vanillax.me.yaml:1); one type of "
                        + "records stands for ANY (RFC 8482)",
                ])
            let forwarded = try Array(ask("plex.vanillax.me", "ANY"))
            #expect(forwarded[0].hasPrefix("ANY     HINFO "))
            #expect(
                forwarded[1]
                    == "because no upstream is asked for ANY: HINFO stands for it (RFC 8482)")
            #expect(
                try ask("vanillax.me", "AXFR") == [
                    "AXFR    REFUSED  [refused]", "because zones are not transferred, to nobody",
                ])
        }

        @Test("a public name: the word that handed it back, the upstream, what the policy took")
        func handedBack() throws {
            let lines = try Scene().explain("plex.vanillax.me")
            let reason = try #require(lines.first { $0.hasPrefix("because") })
            #expect(
                reason.hasPrefix(
                    "because forward . (horizond.yaml:10), public by plex.vanillax.me "
                        + "(zones/vanillax.me.yaml:2), to 127.0.0.1:"))
            #expect(lines.contains { $0.hasPrefix("A       \(PublicZones.edge4)  (30 s)") })
            #expect(
                lines.contains {
                    $0.contains("https-records: remove-h3 took or changed HTTPS 1 . alpn=\"h3,h2\"")
                })
            #expect(lines.contains { $0.hasPrefix("HTTPS   no data") })
        }

        @Test("a forwarded name differs between views, and a client in none is told so")
        func views() throws {
            let scene = try Scene()
            let lan = try scene.explain("argocd.vanillax.me", "--client", "192.168.10.9")
            let guest = try scene.explain("argocd.vanillax.me", "--client", "192.168.20.9")
            #expect(lan.contains("A       192.168.10.50  (60 s)"))
            #expect(guest.contains { $0.hasPrefix("A       \(PublicZones.edge4)") })
            #expect(guest[1] == "view guests, by 192.168.20.0/24 (horizond.yaml:6)")
            let stranger = try scene.explain("argocd.vanillax.me", "--client", "203.0.113.9")
            #expect(stranger[1] == "in no view")
            #expect(stranger.contains("The client is in no view: every query is REFUSED."))
        }

        @Test(
            "an alias leads through both sides, each with its reason; another type can be asked for"
        )
        func alias() throws {
            let scene = try Scene()
            let lines = try scene.explain("store.vanillax.me", "--type", "mx")
            #expect(
                lines.contains(
                    "because zone vanillax.me: store.vanillax.me (zones/vanillax.me.yaml:3)"))
            #expect(
                lines.contains {
                    $0.hasPrefix("then    www.example.com: forward . (horizond.yaml:10), to ")
                })
            #expect(lines.contains { $0.hasPrefix("MX      store.vanillax.me is an alias of ") })
        }

        @Test("the running server says what it has stored, and how its upstreams are")
        func fromServer() throws {
            let socket = try TemporaryDirectory()
            let site = try Site("control: \(socket.file("control.sock"))\n")
            func explain(_ name: String) throws -> [String] {
                let (output, status) = try run([
                    try Server.binary, "explain", name, "--control", socket.file("control.sock"),
                    "--config", socket.file("none.yaml"),
                ])
                #expect(status == .exited(0))
                return output.split(separator: "\n").map(String.init)
            }
            let first = try explain("www.example.com")
            #expect(first.contains { $0.hasPrefix("A  ") && $0.contains("  [127.0.0.1:") })
            let second = try explain("www.example.com")
            #expect(second.contains { $0.hasPrefix("A  ") && $0.hasSuffix("[from the cache]") })
            #expect(
                second.contains { $0.hasSuffix(", to 127.0.0.1:\(site.knot.port) (well)") })
            #expect(!second.contains { $0.contains("without the running server") })
        }

        @Test("JSON has what the text has")
        func json() throws {
            let scene = try Scene()
            let text = try scene.explain("argocd.vanillax.me", "--json").joined(separator: "\n")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(object["name"] as? String == "argocd.vanillax.me.")
            #expect((object["view"] as? [String: Any])?["name"] as? String == "lan")
            let answers = try #require(object["answers"] as? [[String: Any]])
            #expect(answers.compactMap { $0["type"] as? String } == ["A", "AAAA", "HTTPS"])
            #expect(answers.allSatisfy { $0["source"] as? String == "overlay" })
            let steps = try #require(answers[0]["steps"] as? [[String: Any]])
            #expect(steps[0]["place"] as? String == "zones/vanillax.me.yaml:1")
        }

        @Test("what is no name, type or address is wrong usage; a bad configuration is 78")
        func mistakes() throws {
            let directory = try TemporaryDirectory()
            try directory.write("colour: blue\n", to: "horizond.yaml")
            func status(_ arguments: String...) throws -> ChildProcess.ExitStatus {
                try run([try Server.binary, "explain"] + arguments).status
            }
            #expect(try status("a..b") == .exited(2))
            #expect(try status("a.example", "--type", "WHAT") == .exited(2))
            #expect(try status("a.example", "--client", "lan") == .exited(2))
            let bad = try status("a.example", "--config", directory.file("horizond.yaml"))
            #expect(bad == .exited(78))
        }
    }
}
