import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("Upstreams that are killed, paused and replaced under load", .aloneOnMachine)
    struct UpstreamFaultTests {
        /// All that lies below vanillax.me has this address.
        private static let address = PublicZones.edge4

        private static func load(_ server: Server) -> PacedLoad {
            PacedLoad(
                rate: 200, server: Endpoint(port: server.port), isDear: { _ in false }
            ) { number in
                Question(name: try DomainName("n\(number).vanillax.me"), type: .a)
            }
        }

        @Test("One of two may be paused, go on, and be killed: every query has its answer, soon")
        func oneOfTwo() throws {
            let knots = [try KnotUpstream(), try KnotUpstream()]
            let server = try Server.forwarding(to: knots[0].port, knots[1].port)
            _ = try server.client.ask("first.vanillax.me", .a)
            let load = Self.load(server)
            pause(.milliseconds(500))
            knots[0].process.signal(SIGSTOP)
            pause(.seconds(2))
            knots[0].process.signal(SIGCONT)
            pause(.milliseconds(500))
            knots[1].process.signal(SIGKILL)
            pause(.seconds(1))
            let count = try load.stop()
            #expect(count.lost == 0 && count.failed == 0, "\(count)")
            #expect(count.longest < .milliseconds(1500), "\(count)")
        }

        @Test("A paused one that is alone: stale answers meanwhile, new ones when it goes on")
        func alonePaused() throws {
            let knot = try KnotUpstream()
            let server = try Server(
                "forward: {.: {to: [\"127.0.0.1:\(knot.port)\"], cache: {max: 1s}}}\n")
            let name = "www.example.com"
            #expect(try server.client.ask(name, .a).data(.a) == [Self.address])
            pause(.milliseconds(1100))
            knot.process.signal(SIGSTOP)
            #expect(eventually { knot.process.isStopped })
            for limit in [2500, 500, 500] {
                let (response, time) = try elapsed { try server.client.ask(name, .a) }
                #expect(response.data(.a) == [Self.address] && response.extendedError?.code == 3)
                #expect(time < .milliseconds(limit), "\(time)")
            }
            knot.process.signal(SIGCONT)
            var time = Duration.zero
            let isBack = try eventually {
                let (response, taken) = try elapsed { try server.client.ask(name, .a) }
                time = taken
                return response.data(.a) == [Self.address] && response.extendedError == nil
            }
            #expect(isBack && time < .seconds(1), "\(time)")
        }

        @Test(
            "Another one in its place with other data is heard within the seconds for which failures count"
        )
        func replaced() throws {
            let name = "www.example.net"
            let upstream = try ScriptedUpstream.answering("203.0.113.1", ttl: 1)
            let server = try Server(
                "forward: {.: {to: \"127.0.0.1:\(upstream.port)\", cache: {max: 1s}}}\n")
            #expect(try server.client.ask(name, .a).data(.a) == ["203.0.113.1"])
            upstream.close()
            pause(.milliseconds(1100))
            let (stale, time) = try elapsed { try server.client.ask(name, .a) }
            #expect(stale.data(.a) == ["203.0.113.1"] && stale.extendedError?.code == 3)
            #expect(time < .milliseconds(500), "\(time)")
            // Of a name that was never asked for there is nothing to say.
            #expect(try server.client.ask("new.example.net", .a).rcode == .serverFailure)
            upstream.change {
                [.init($0.reply([try .a("www.example.net", "203.0.113.2", ttl: 1)]))]
            }
            try upstream.open()
            // So long nothing newer is looked for once none could be had (RFC 8767 §5).
            let isNew = try eventually(within: .seconds(8)) {
                try server.client.ask(name, .a).data(.a) == ["203.0.113.2"]
            }
            #expect(isNew)
        }
    }
}
