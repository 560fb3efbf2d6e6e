import DNS
import Foundation
import Testing

extension ServiceTests {
    /// What the page shows of the past, asked for by curl.
    @Suite("The data of the page")
    struct ActivityTests {
        /// Two views, names of its own, an upstream that answers and a domain whose server is gone.
        private struct Scene {
            let upstream: ScriptedUpstream
            let adminPort: UInt16
            let configuration: String
            let server: Server

            init(_ more: String = "workers: 2\n") throws {
                upstream = try ScriptedUpstream.answering()
                adminPort = try freePort()
                configuration = """
                    zones:
                      vanillax.me: {records: {'*': 192.168.10.50}}
                    views:
                      lan: {clients: [127.0.0.0/24]}
                      guests: {clients: [127.0.20.0/24], zones: []}
                    forward:
                      .: {to: ["127.0.0.1:\(upstream.port)"], cache: 30}
                      gone.example: {to: ["127.0.0.1:9"]}
                    \(more)
                    """
                server = try Server(configuration + "admin: 127.0.0.1:\(adminPort)\n")
            }

            func ask(
                _ name: String, from client: String = "127.0.0.1", times: Int = 1
            ) throws {
                let client = try server.client.from(client)
                for _ in 0..<times { _ = try client.ask(name, .a) }
            }

            /// What an address of the interface says, and with which status.
            func get(_ target: String) throws -> (object: [String: Any], status: String) {
                let (output, _) = try run([
                    "/usr/bin/curl", "--silent", "--show-error", "--globoff", "--write-out",
                    "%{http_code}", "http://127.0.0.1:\(adminPort)/api/\(target)",
                ])
                let lines = output.split(separator: "\n")
                let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8))
                return (object as? [String: Any] ?? [:], String(lines.last ?? ""))
            }

            /// The counts of a list, by its entries' texts of those keys.
            func top(_ list: String, _ keys: String...) throws -> [String: Int] {
                let entries = try get("top").object[list] as? [[String: Any]] ?? []
                return entries.reduce(into: [:]) { counts, entry in
                    let text = keys.map { entry[$0] as? String ?? "-" }.joined(separator: " ")
                    counts[text] = entry["count"] as? Int
                }
            }

            func lines(_ parameters: String = "") throws -> [[String: Any]] {
                try get("queries?\(parameters)").object["lines"] as? [[String: Any]] ?? []
            }
        }

        /// 25 queries: 12 of the overlay, 1 upstream and 8 cached, 1 failure, 3 refused.
        private func householdTraffic(_ scene: Scene) throws {
            try scene.ask("nas.vanillax.me", times: 7)
            try scene.ask("NAS.Vanillax.ME", times: 5)
            try scene.ask("www.example.net", from: "127.0.20.5", times: 8)
            try scene.ask("www.example.net")
            try scene.ask("a.gone.example")
            try scene.ask("www.example.net", from: "127.0.30.1", times: 3)
        }

        @Test("The lists agree with the traffic")
        func lists() throws {
            let scene = try Scene()
            try householdTraffic(scene)
            let names = ["nas.vanillax.me": 12, "www.example.net": 12, "a.gone.example": 1]
            #expect(try eventually { try scene.top("names", "name") == names })
            #expect(
                try scene.top("clients", "client", "view") == [
                    "127.0.0.1 lan": 14, "127.0.20.5 guests": 8, "127.0.30.1 -": 3,
                ])
            #expect(
                try scene.top("refused", "name", "client") == ["www.example.net 127.0.30.1": 3])
            #expect(try scene.top("failed", "name") == ["a.gone.example": 1])
            let reply = try scene.get("top?count=2").object
            #expect((reply["names"] as? [Any])?.count == 2)
            #expect(reply["sampled"] as? Double == 1 && reply["seconds"] as? Int == 3600)
            let age = Date().timeIntervalSince1970 - (reply["since"] as? Double ?? 0)
            #expect(age > 0 && age < 60)
            #expect((reply["audit"] as? [String: Any])?["lastAt"] is NSNull)
        }

        @Test("The history agrees with the traffic, by source")
        func history() throws {
            let scene = try Scene()
            try householdTraffic(scene)
            func sum(_ value: Any?) -> Int { (value as? [Int] ?? []).reduce(0, +) }
            var reply: [String: Any] = [:]
            let isCounted = try eventually(within: .seconds(20)) {
                reply = try scene.get("history").object
                return sum(reply["queries"]) == 25
            }
            #expect(isCounted, "\(reply)")
            let sources = try #require(reply["sources"] as? [String: [Int]])
            #expect(
                sources.mapValues { $0.reduce(0, +) } == [
                    "overlay": 12, "upstream": 1, "cache": 8, "failure": 1, "refused": 3,
                    "zone": 0, "stale": 0, "error": 0, "server": 0,
                ])
            let latency = try #require(reply["latency"] as? [String: [Any]])
            let answered = (reply["queries"] as? [Int] ?? []).map { $0 > 0 }
            for key in ["p50", "p95", "p99"] {
                #expect(latency[key]?.map { $0 is Double } == answered, "\(reply)")
            }
            let end = try #require(reply["end"] as? Double)
            #expect(abs(Date().timeIntervalSince1970 - end) < 8 && reply["step"] as? Int == 5)
            #expect(sum(try scene.get("history?after=\(end + 3600)").object["queries"]) == 0)
        }

        @Test("The live log has each query once, with its number, and can be filtered")
        func log() throws {
            let scene = try Scene()
            try householdTraffic(scene)
            #expect(try eventually { try scene.lines().count == 25 })
            #expect(try scene.lines().compactMap { $0["number"] as? Int } == Array(1...25))
            let newer = try scene.get("queries?after=20&count=3").object
            let numbers = (newer["lines"] as? [[String: Any]])?.compactMap { $0["number"] as? Int }
            #expect(numbers == [21, 22, 23])
            #expect(newer["next"] as? Int == 23 && newer["lost"] as? Int == 0)
            for (filter, count) in [
                ("name=nas.vanillax.me", 12), ("name=*.example.net", 12), ("client=127.0.20.5", 8),
                ("client=127.0.0.0/24&name=.net", 1), ("view=guests", 8), ("source=failure", 1),
                ("rcode=refused", 3), ("q=gone", 1), ("q=cache&view=lan", 1), ("q=nowhere", 0),
            ] {
                #expect(try scene.lines("count=100&" + filter).count == count, "\(filter)")
            }
            let line = try #require(try scene.lines("count=1&source=overlay").first)
            #expect(line["view"] as? String == "lan" && line["type"] as? String == "A")
            #expect((line["reason"] as? String)?.contains("horizond.yaml:") == true)
            let epoch = try scene.get("queries").object["epoch"] as? Int
            let other = try Scene()
            #expect(try other.get("queries?after=25").object["epoch"] as? Int != epoch)
            #expect(try other.get("queries?after=25").object["next"] as? Int == 0)
        }

        @Test("A parameter that cannot be is an error in words, and nothing else")
        func mistakes() throws {
            let scene = try Scene()
            for target in [
                "history?after=now", "history?after=nan", "top?count=0", "top?count=101",
                "top?count=x", "queries?count=1001", "queries?after=-1",
                "queries?after=99999999999999999999", "queries?view=attic",
                "queries?client=10.0.0.0/33", "queries?name=a..b", "queries?source=sky",
                "queries?q=" + String(repeating: "a", count: 256),
            ] {
                let (object, status) = try scene.get(target)
                #expect(status == "400" && object["error"] is String, "\(target): \(object)")
            }
            #expect(try scene.get("queries?name=&view=&q=%00%ff").status == "400")
            #expect(try scene.get("queries?name=&view=&after=9223372036854775807").status == "200")
        }

        @Test("Without admin pages nothing is kept, and what comes after is")
        func off() throws {
            let scene = try Scene()
            try scene.ask("nas.vanillax.me", times: 3)
            #expect(try eventually { try scene.lines().count == 3 })
            try scene.server.configure(scene.configuration + "admin: off\n")
            try scene.server.reload()
            try scene.ask("nas.vanillax.me", times: 5)
            try scene.server.configure(
                scene.configuration + "admin: 127.0.0.1:\(scene.adminPort)\n")
            try scene.server.reload()
            try scene.ask("nas.vanillax.me", times: 2)
            #expect(try eventually { try scene.top("names", "name") == ["nas.vanillax.me": 2] })
            #expect(try scene.lines().count == 2)
        }

        @Test("What the server's own audit found is told with the time of it")
        func leaks() throws {
            let knot = try KnotUpstream()
            let port = try freePort()
            let server = try Server(
                """
                zones:
                  vanillax.me: {own: [A], records: {'*': 192.168.10.50}}
                forward:
                  .: {to: ["127.0.0.1:\(knot.port)"], cache: 30}
                audit: {every: 1h}
                admin: 127.0.0.1:\(port)

                """)
            var reply = ""
            let isTold = try eventually(within: .seconds(20)) {
                reply = try run(["/usr/bin/curl", "-s", "http://127.0.0.1:\(port)/api/top"]).output
                return reply.contains(#""every":3600,"lastAt":1"#)
            }
            #expect(isTold, "\(reply)")
            let leak = #""leaks":[{"name":"*.vanillax.me","text":"AAAA 2001:db8:cd::10: from the "#
            #expect(reply.contains(leak + "public zone ("), "\(reply)")
            #expect(reply.contains(#"/horizond.yaml:3)","view":"lan"}"#), "\(reply)")
            try server.stop()
        }

        @Test("A flood of long names takes little memory, and hides no name that is asked for")
        func flood() throws {
            let scene = try Scene("workers: 1\n")
            let label = String(repeating: "x", count: 57)
            func longNames(_ range: Range<Int>) -> [String] {
                range.map { "\(10_000 + $0).\(label).\(label).\(label).\(label).vanillax.me" }
            }
            func flood(_ range: Range<Int>) throws {
                let load = try Load(
                    longNames(range), server: Endpoint(.v4(0x7f00_0001), scene.server.port))
                while load.sent < range.count {
                    try scene.ask("nas.vanillax.me")
                    pause(.milliseconds(5))
                }
                #expect(load.stop().failed == 0)
            }
            try flood(0..<2000)
            let before = try scene.server.memory()
            try flood(2000..<42_000)
            let after = try scene.server.memory()
            #expect(after - before < 8 << 20, "\(before) octets, then \(after)")
            let names = try scene.get("top").object["names"] as? [[String: Any]]
            #expect(names?.first?["name"] as? String == "nas.vanillax.me")
            #expect(
                (try scene.get("queries?after=0&count=1000").object["lost"] as? Int ?? 0) > 10_000)
        }
    }
}
