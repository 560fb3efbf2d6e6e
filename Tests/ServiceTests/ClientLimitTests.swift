import DNS
import Testing

extension ServiceTests {
    @Suite("Limits of clients")
    struct ClientLimitTests {
        private static let zones = "zones: {vanillax.me: {records: {'*': 192.168.10.50}}}"

        private func query(_ name: String) throws -> Query {
            Query(question: Question(name: try DomainName(name), type: .a))
        }

        /// Asks so many names from sockets of their own, which the kernel gives to all workers, and
        /// counts the answers with records, those with TC, and the queries without an answer.
        private func flood(
            _ count: Int, of server: Server, from address: String
        ) throws -> (answered: Int, cut: Int, dropped: Int) {
            let client = try server.client.from(address)
            var sockets: [Socket] = []
            for index in 0..<count {
                let socket = try Socket(.udp, local: Endpoint(client.source, 0))
                try socket.connect(to: client.server)
                try socket.send(try query("h\(index).vanillax.me").octets)
                sockets.append(socket)
            }
            // What is answered is there by then, on a busy machine too.
            pause(.milliseconds(300))
            var result = (answered: 0, cut: 0, dropped: 0)
            for socket in sockets {
                guard let octets = try socket.receive(timeout: .milliseconds(5)) else {
                    result.dropped += 1
                    continue
                }
                let response = try Response(octets)
                if response.isTruncated { result.cut += 1 } else { result.answered += 1 }
            }
            return result
        }

        @Test("A rate limit holds over all workers; the others and TCP are not concerned")
        func rate() throws {
            let server = try Server(
                """
                workers: 4
                \(Self.zones)
                views: {lan: {clients: [127.0.0.0/8]}}
                rate-limit: {queries: 1, burst: 20, allow: [127.0.0.9]}
                forward: {}
                """)
            let flooded = try flood(60, of: server, from: "127.0.0.2")
            // A second more or less passes meanwhile.
            #expect((20...24).contains(flooded.answered), "\(flooded)")
            #expect(abs(flooded.cut - flooded.dropped) <= 4, "\(flooded)")
            #expect(try flood(15, of: server, from: "127.0.0.3").answered == 15)
            #expect(try flood(60, of: server, from: "127.0.0.9").answered == 60)
            let client = try server.client.from("127.0.0.2")
            for _ in 0..<20 {
                #expect(try client.ask("tcp.vanillax.me", .a, over: .tcp).rcode == .noError)
            }
            var refused = 0
            for _ in 0..<10 {
                let response = try client.ask("tcp.vanillax.me", .a, over: .tcp)
                if response.rcode == .refused { refused += 1 }
            }
            #expect(refused >= 8)
        }

        /// The log's lines about clients that are held back.
        private func heldBack(_ server: Server) -> [Substring] {
            server.log.split(separator: "\n").filter {
                $0.contains("is not always answered") || $0.contains("is refused too often")
            }
        }

        @Test("The log names a client that is held back, once")
        func notice() throws {
            let server = try Server(
                """
                \(Self.zones)
                views: {lan: {clients: [127.0.0.0/16]}}
                rate-limit: {queries: 1, burst: 5}
                forward: {}
                """)
            _ = try flood(5, of: server, from: "127.0.0.3")
            for _ in 0..<2 { _ = try flood(20, of: server, from: "127.0.0.2") }
            _ = try flood(110, of: server, from: "127.1.0.2")
            #expect(eventually { heldBack(server).count == 2 })
            let lines = heldBack(server).map { $0.split(separator: "notice: ").last }
            #expect(
                lines == [
                    "127.0.0.2, view lan, is not always answered: over its rate-limit",
                    "127.1.0.2, in no view, is refused too often to be told",
                ])
        }

        @Test("Of a flood from many addresses the log names some")
        func notices() throws {
            let server = try Server(
                """
                \(Self.zones)
                views: {lan: {clients: [127.0.0.0/8]}}
                rate-limit: {queries: 1, burst: 1}
                forward: {}
                """)
            for number in 2..<30 {
                let client = try server.client.from("127.0.1.\(number)")
                let socket = try Socket(.udp, local: Endpoint(client.source, 0))
                for _ in 0..<3 {
                    try socket.send(try query("a.vanillax.me").octets, to: client.server)
                }
            }
            #expect(eventually { heldBack(server).count == 16 })
            pause(.milliseconds(200))
            #expect(heldBack(server).count == 16)
            #expect(heldBack(server).last?.hasSuffix("not told for ten minutes") == true)
        }

        @Test(
            "Each query of a flood is in one row of the statistics",
            arguments: [
                "rate-limit: {queries: 1, burst: 10}", "response-rate-limit: {responses: 5}",
            ])
        func statistics(limit: String) throws {
            let server = try Server(
                """
                control: control.sock
                \(Self.zones)
                views: {lan: {clients: [127.0.0.0/8]}}
                \(limit)
                forward: {}
                """)
            let flooded = try flood(60, of: server, from: "127.0.0.2")
            let figures = try object(try server.command("stats", "--json").output)
            let queries = try #require(figures["queries"] as? [String: Int])
            let counts = ["zone", "refused", "limited"].compactMap { queries[$0] }
            #expect(queries["all"] == 60)
            #expect(counts.reduce(0, +) == 60, "\(queries)")
            // An answer may come after the flood has stopped waiting for it.
            #expect(counts[0] >= flooded.answered && counts[1] >= flooded.cut, "\(queries)")
            #expect((1...20).contains(counts[0]) && counts[1] >= 10 && counts[2] >= 10)
        }

        @Test("A reload changes a limit, and a view's own counts")
        func reload() throws {
            func configuration(_ limits: String) -> String {
                """
                \(Self.zones)
                views: {all: {clients: any\(limits)}}
                forward: {}
                """
            }
            let server = try Server(configuration(", rate-limit: {queries: 1, burst: 5}"))
            #expect((5...7).contains(try flood(40, of: server, from: "127.0.0.2").answered))
            try server.configure(configuration(", rate-limit: off, response-rate-limit: off"))
            try server.reload()
            #expect(try flood(40, of: server, from: "127.0.0.2").answered == 40)
        }

        @Test(
            "Queries that wait while a reload takes their view's place: within its limits as before"
        )
        func reloadMeanwhile() throws {
            let upstream = try ScriptedUpstream { query in
                [.init(query.reply(rcode: .nameError), after: .seconds(1))]
            }
            func configuration(_ others: String) -> String {
                """
                workers: 1
                control: control.sock
                views: {\(others)world: {clients: any}}
                forward: {.: '127.0.0.1:\(upstream.port)'}
                """
            }
            let server = try Server(
                configuration("a: {clients: [192.0.2.1]}, b: {clients: [192.0.2.2]}, "))
            let socket = try Socket(.udp, local: Endpoint(.v4(0x7f00_0002), 0))
            try socket.connect(to: server.client.server)
            for index in 0..<60 { try socket.send(try query("h\(index).example").octets) }
            #expect(eventually { upstream.everything.count == 60 })
            try server.configure(configuration(""))
            try server.reload()
            // Of the answers to queries without a cookie, 20 a second, and of the others each second one is cut.
            var cut = 0
            for _ in 0..<40 {
                guard let octets = try socket.receive(timeout: .seconds(3)) else { break }
                if try Response(octets).isTruncated { cut += 1 }
            }
            #expect((18...20).contains(cut), "\(cut)")
            #expect(try server.client.ask("after.example", .a, over: .tcp).rcode == .nameError)
            #expect(server.process.status == nil)
            #expect(heldBack(server).first?.contains("127.0.0.2, view world,") == true)
        }

        @Test("A client that asks for what nobody answers leaves room for the others")
        func fairness() throws {
            let upstream = try ScriptedUpstream(remembers: false) { query in
                // A resolver may ask in any spelling.
                if query.question.name.lowercased.description.hasSuffix("attacked.example.") {
                    return []
                }
                let record = Record(query.question.name, .a, ttl: 300, [203, 0, 113, 7])
                return [.init(query.reply([record]), after: .milliseconds(20))]
            }
            let server = try Server(
                """
                \(Self.zones)
                views: {lan: {clients: [127.0.0.0/8]}}
                forward: {.: ['127.0.0.1:\(upstream.port)']}
                log: {errors: false}
                """)
            let attacker = try Socket(.udp, local: Endpoint(.v4(0x7f00_0002), 0))
            try attacker.connect(to: server.client.server)
            var failedAtOnce = 0
            // A rule has 8192 places; alone, a client gets half of them.
            for index in 0..<12_000 {
                try attacker.send(try query("x\(index).attacked.example").octets)
                while let octets = try attacker.receive(timeout: .zero) {
                    if try Response(octets).rcode == .serverFailure { failedAtOnce += 1 }
                }
            }
            let client = try server.client.from("127.0.0.3")
            for index in 0..<20 {
                let (response, time) = try elapsed {
                    try client.ask("h\(index).example.net", .a)
                }
                #expect(response.rcode == .noError && response.answer.count == 1)
                #expect(time < .milliseconds(1000), "\(time)")
                #expect(try client.ask("h.vanillax.me", .a).answer.count == 1)
            }
            while let octets = try attacker.receive(timeout: .zero) {
                if try Response(octets).rcode == .serverFailure { failedAtOnce += 1 }
            }
            #expect(failedAtOnce > 1000)
        }
    }
}
