import DNS
import Testing

extension ServiceTests.ForwardingContractTests {
    @Suite("Which rule holds, and what it may say")
    struct RuleTests {
        @Test("FW18 outside every rule REFUSED with the reason; nobody is asked")
        func outside() throws {
            let upstream = try ScriptedUpstream { [.init($0.reply([$0.address()]))] }
            let server = try Server.forwarding(Forwarded("example.net", upstream))
            for name in ["example.com", "net", ".", "xexample.net", "example.net.org"] {
                // Over UDP the reason would make it longer than the query.
                for transport in Transport.allCases {
                    let response = try server.client.ask(name, .a, over: transport)
                    #expect(response.rcode == .refused && response.offersRecursion)
                    #expect(response.extendedError?.code == (transport == .tcp ? 20 : nil))
                }
            }
            #expect(upstream.everything.isEmpty)
        }

        @Test("FW18 the longest domain wins, whatever the order")
        func longest() throws {
            let upstreams = try (1...3).map { host in
                try ScriptedUpstream { [.init($0.reply([$0.address(host)]))] }
            }
            let server = try Server.forwarding(
                Forwarded("b.example.net", upstreams[1]), Forwarded("net", upstreams[0]),
                Forwarded("a.b.example.net", upstreams[2]))
            let expected: [(String, UInt8)] = [
                ("example.net", 1), ("b.example.net", 2), ("x.B.example.net", 2),
                ("a.b.example.net", 3), ("y.x.a.b.example.net", 3), ("xa.b.example.net", 2),
            ]
            for (name, host) in expected {
                #expect(try server.client.ask(name, .a).hosts == [host], "\(name)")
            }
        }

        @Test("FW19 an upstream at an IPv6 address, and one from a file of nameservers")
        func forms() throws {
            let loopback = try #require(IPAddress("::1"))
            let upstream = try ScriptedUpstream(address: loopback) {
                [.init($0.reply([$0.address(6)]))]
            }
            let server = try Server("forward: {.: \"[::1]:\(upstream.port)\"}\n")
            for transport in Transport.allCases {
                let name = "\(transport).example.net"
                #expect(try server.client.ask(name, .a, over: transport).hosts == [6])
            }
            let listed = try Server(
                "forward: {.: nameservers}\n".replacing("nameservers", with: "./nameservers"),
                files: ["nameservers": "# two\nnameserver 127.0.0.1\nnameserver ::1\n"])
            #expect(listed.process.status == nil)
        }

        @Test("FW19 up to 15 upstreams in a rule; 16 are an error with its place")
        func count() throws {
            func server(_ count: Int) throws -> Server {
                try Server.forwarding(
                    Forwarded("example.net", ports: (1...count).map { UInt16($0) }))
            }
            #expect(try server(15).process.status == nil)
            #expect {
                _ = try server(16)
            } throws: {
                "\($0)".contains("16 upstreams") && "\($0)".contains("at most 15")
            }
        }

        @Test("FW16 more in flight than there is room for: the rest is told at once")
        func busy() throws {
            let upstream = try ScriptedUpstream.silent()
            let server = try Server.forwarding(
                Forwarded("example.net", upstream), more: "workers: 1\n")
            let socket = try Socket(.udp, local: Endpoint(port: 0))
            try socket.connect(to: Endpoint(port: server.port))
            var refused = 0
            let start = ContinuousClock.now
            for number in 0..<10_000 {
                try socket.send(try Query("n\(number).example.net").octets)
                if number % 50 == 0 { pause(.milliseconds(2)) }
                while let octets = try socket.receive(timeout: .zero) {
                    let response = try Response(octets)
                    #expect(response.rcode == .serverFailure)
                    refused += 1
                }
            }
            #expect(ContinuousClock.now - start < .seconds(1.9))
            #expect(refused > 500, "\(refused)")
        }
    }
}
