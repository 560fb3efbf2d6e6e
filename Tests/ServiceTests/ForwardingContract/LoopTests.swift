import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("An upstream that asks us in turn")
    struct LoopTests {
        /// A dnsmasq that forwards everything to one server, as a router does to the DNS server that
        /// it gives out.
        private final class Router: Sendable {
            let directory: TemporaryDirectory
            let process: ChildProcess

            init(port: UInt16, forwardingTo server: UInt16) throws {
                let directory = try TemporaryDirectory()
                self.directory = directory
                process = try ChildProcess(
                    ForwarderPeer.dnsmasq(port: port, upstream: server, in: directory)
                        + ["--log-queries"],
                    output: directory.file("output"))
                let client = Client(server: Endpoint(port: port))
                let isUp = eventually {
                    (try? client.ask(
                        "version.bind", .txt, rrClass: RRClass.chaos, timeout: .milliseconds(200)))
                        != nil
                }
                guard isUp else { throw Failure("dnsmasq: \(directory.read("output"))") }
            }

            /// How many queries for this name came in.
            func queries(_ name: String) -> Int {
                directory.read("log").split(separator: "\n").filter {
                    $0.contains("query[") && $0.lowercased().contains(" \(name) ")
                }.count
            }
        }

        @Test(
            "A forwarding loop ends, is SERVFAIL, and the log says once what to do (coredns#2087)")
        func loop() throws {
            let port = try freePort()
            let server = try Server.forwarding(Forwarded("example.net", ports: [port]))
            let router = try Router(port: port, forwardingTo: server.port)
            let timed = try Timed { try server.client.ask("www.example.net", .a) }
            #expect(timed.response.rcode == .serverFailure)
            #expect(timed.time < .milliseconds(4350), "\(timed.time)")
            // By way of the router, as its clients come; what it tells them is its own affair.
            let client = Client(server: Endpoint(port: port))
            _ = try? client.ask("other.example.net", .a, timeout: .seconds(1))
            func lines() -> [String] {
                server.log.split(separator: "\n").map { $0.lowercased() }
                    .filter { $0.contains("127.0.0.1:\(port)") && $0.contains("loop") }
            }
            #expect(eventually(within: .seconds(1)) { !lines().isEmpty }, "\(server.log)")
            #expect(lines().count == 1, "\(lines())")
            pause(.milliseconds(300))
            for name in ["www.example.net", "other.example.net"] {
                let count = router.queries(name)
                #expect((1...8).contains(count), "\(name): \(count)")
            }
            // Other names of ours do not suffer.
            #expect(try server.client.ask("localhost", .a).data(.a) == ["127.0.0.1"])
        }
    }

    @Suite("The cache over reloads")
    struct ReloadTests {
        @Test("Entries stay, reload after reload (coredns#5203, #6263)")
        func kept() throws {
            let upstream = try ScriptedUpstream { [.init($0.reply([$0.address()]))] }
            let rule =
                "forward:\n  example.net: {to: [\"127.0.0.1:\(upstream.port)\"], cache: 30}\n"
            let server = try Server(rule)
            #expect(try server.client.ask("www.example.net", .a).hosts == [1])
            let more = [
                "", "  example.org: 127.0.0.1\n", "  example.com: 127.0.0.1\nworkers: 3\n", "",
            ]
            for other in more {
                try server.configure(rule + other)
                try server.reload()
                #expect(try server.client.ask("www.example.net", .a).hosts == [1])
            }
            #expect(try upstream.received("www.example.net").count == 1)
        }

        @Test("Another upstream for the name, and it is asked")
        func changed() throws {
            let upstreams = try (UInt8(1)...2).map { host in
                try ScriptedUpstream { [.init($0.reply([$0.address(host)]))] }
            }
            func rule(_ upstream: ScriptedUpstream) -> String {
                "forward: {example.net: \"127.0.0.1:\(upstream.port)\"}\n"
            }
            let server = try Server(rule(upstreams[0]))
            #expect(try server.client.ask("www.example.net", .a).hosts == [1])
            try server.configure(rule(upstreams[1]))
            try server.reload()
            #expect(try server.client.ask("www.example.net", .a).hosts == [2])
        }
    }
}
