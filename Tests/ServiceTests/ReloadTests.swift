import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("Reload by SIGHUP")
    struct ReloadTests {
        private static let zoneFile = "zones/vanillax.me.yaml"

        private static func expectGateway(
            _ server: Server, _ address: String, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            #expect(
                try server.client.ask("argocd.vanillax.me", .a).data(.a) == [address],
                sourceLocation: sourceLocation)
        }

        @Test("A changed zone is served, and the cache stays")
        func zone() throws {
            let upstream = try ScriptedUpstream.answering()
            let server = try Server(
                Site.configuration(upstream: upstream.port), files: [Self.zoneFile: Site.overlay])
            try Self.expectGateway(server, Site.gateway)
            _ = try server.client.ask("www.example.net", .a)
            try server.directory.write("'*': 192.168.10.51\n", to: Self.zoneFile)
            try Self.expectGateway(server, Site.gateway)
            try server.reload()
            try Self.expectGateway(server, "192.168.10.51")
            _ = try server.client.ask("www.example.net", .a)
            #expect(try upstream.received("www.example.net").count == 1)
            #expect(try server.stop() == .exited(0))
        }

        @Test("After a reload that fails an upstream that it left out is watched as before")
        func failedReload() throws {
            let (first, second) = (
                try ScriptedUpstream.answering("203.0.113.1"),
                try ScriptedUpstream.answering("203.0.113.2")
            )
            let port = try freePort()
            let taken = try Socket(.udp, local: Endpoint(port: port))
            defer { withExtendedLifetime(taken) {} }
            func configuration(_ upstreams: [ScriptedUpstream]) -> String {
                let list = upstreams.map { "'127.0.0.1:\($0.port)'" }.joined(separator: ", ")
                return "forward: {.: {to: [\(list)]}}\n"
            }
            let server = try Server(configuration([first, second]))
            #expect(try server.client.ask("a.example", .a).data(.a) == ["203.0.113.1"])
            try server.directory.write(
                "listen: ['127.0.0.1:\(server.port)', '127.0.0.1:\(port)']\n"
                    + configuration([second]) + "admin: off\n", to: "horizond.yaml")
            try server.reload()
            #expect(server.log.contains("the reload failed"))
            first.close()
            #expect(try server.client.ask("b.example", .a).data(.a) == ["203.0.113.2"])
            pause(.milliseconds(700))
            try first.open()
            var number = 0
            let isBack = try eventually(within: .seconds(5)) {
                number += 1
                return try server.client.ask("c\(number).example", .a).data(.a) == ["203.0.113.1"]
            }
            #expect(isBack)
        }

        @Test("Forwarders, views and listeners are taken over too")
        func everything() throws {
            let first = try ScriptedUpstream.answering("203.0.113.1")
            let second = try ScriptedUpstream.answering("203.0.113.2")
            let server = try Server.forwarding(to: first.port)
            #expect(try server.client.ask("a.example.net", .a).data(.a) == ["203.0.113.1"])
            let other = try freePort()
            try server.directory.write(
                """
                listen: ["127.0.0.1:\(server.port)", "127.0.0.1:\(other)"]
                views: {lan: {clients: [127.0.0.0/16]}}
                forward: {.: {to: ["127.0.0.1:\(second.port)"]}}

                """, to: "horizond.yaml")
            try server.reload()
            #expect(try server.client.ask("b.example.net", .a).data(.a) == ["203.0.113.2"])
            for transport in Transport.allCases {
                #expect(
                    try Client(server: Endpoint(port: other))
                        .ask("c.example.net", .a, over: transport).data(.a) == ["203.0.113.2"])
            }
            let stranger = try server.client.from("127.1.0.1")
            #expect(try stranger.ask("b.example.net", .a).rcode == .refused)
            // The IPv6 listener is gone: its port can be taken.
            let loopback = try #require(IPAddress("::1"))
            // The old address goes when no query can wait on it any more.
            let isClosed = eventually(within: .seconds(8)) {
                (try? Socket(.udp, local: Endpoint(loopback, server.port))) != nil
            }
            #expect(isClosed)
        }

        @Test("What a policy's change touches is not answered from the cache")
        func changedPolicy() throws {
            let knot = try KnotUpstream()
            func configuration(_ policy: String) -> String {
                "https-records: \(policy)\nforward: {.: {to: [\"127.0.0.1:\(knot.port)\"]}}\n"
            }
            let server = try Server(configuration("pass"))
            #expect(try server.client.ask("www.example.com", .https).answer.count == 2)
            try server.configure(configuration("remove"))
            try server.reload()
            #expect(try server.client.ask("www.example.com", .https).isNoDataWithSOA)
            try server.configure(configuration("pass"))
            try server.reload()
            #expect(try server.client.ask("www.example.com", .https).answer.count == 2)
        }

        @Test(
            "A query that waits is answered, though its listener goes",
            arguments: Transport.allCases)
        func closedListener(transport: Transport) throws {
            let upstream = try ScriptedUpstream.answering(after: .milliseconds(600))
            let forward = "forward: {.: {to: [\"127.0.0.1:\(upstream.port)\"]}}\n"
            let server = try Server(forward)
            let other = try freePort()
            try server.directory.write(
                "listen: [\"127.0.0.1:\(server.port)\", \"127.0.0.1:\(other)\"]\n" + forward,
                to: "horizond.yaml")
            try server.reload()
            let socket = try Socket(transport, local: Endpoint(port: 0))
            try socket.connect(to: Endpoint(port: other))
            let question = Question(name: try DomainName("www.example.net"), type: .a)
            let query = Query(question: question).octets
            var stream = MessageStream(socket)
            if transport == .udp { try socket.send(query) } else { try stream.send(query) }
            #expect(try eventually { try !upstream.received("www.example.net").isEmpty })
            try server.configure(forward)
            try server.reload()
            let answer =
                try transport == .udp
                ? socket.receive(timeout: .seconds(2)) : stream.receive(timeout: .seconds(2))
            let octets = try #require(answer)
            #expect(try Response(octets).data(.a) == ["203.0.113.99"])
            // It is served on for as long as a query may wait, and then closed.
            let isClosed = eventually(within: .seconds(8)) {
                let client = Client(server: Endpoint(port: other))
                return
                    (try? client.ask(
                        "www.example.net", .a, over: transport, timeout: .milliseconds(300))) == nil
            }
            #expect(isClosed)
        }

        @Test("A listener may change from all addresses to one and back")
        func overlappingListeners() throws {
            let server = try Server("")
            let one = "listen: [\"127.0.0.1:\(server.port)\"]\n"
            let all = "listen: [\"0.0.0.0:\(server.port)\"]\n"
            for listen in [all, one, all] {
                try server.directory.write(listen, to: "horizond.yaml")
                try server.reload()
                #expect(try server.client.ask("localhost", .a).data(.a) == ["127.0.0.1"])
            }
        }

        struct Damage: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// What the log must say.
            let logged: String
            let inflict: @Sendable (TemporaryDirectory) throws -> Void
        }

        static let damages = [
            Damage(testDescription: "broken YAML", logged: "\(zoneFile):2:") {
                try $0.write("'*': 192.168.10.51\n  mail: 192.168.10.52\n", to: zoneFile)
            },
            Damage(testDescription: "a bad address", logged: "\(zoneFile):2:6") {
                try $0.write("'*': 192.168.10.51\nbad: 192.168.10.256\n", to: zoneFile)
            },
            Damage(testDescription: "an empty zone file", logged: zoneFile) {
                try $0.write("", to: zoneFile)
            },
            Damage(testDescription: "a missing zone file", logged: zoneFile) {
                try $0.remove(zoneFile)
            },
            Damage(testDescription: "an unreadable zone file", logged: zoneFile) {
                // Root may read any file, but nobody can follow a link to itself.
                try $0.remove(zoneFile)
                try FileManager.default.createSymbolicLink(
                    atPath: $0.file(zoneFile), withDestinationPath: $0.file(zoneFile))
            },
            Damage(testDescription: "a directory for a zone file", logged: zoneFile) {
                try $0.remove(zoneFile)
                try FileManager.default.createDirectory(
                    atPath: $0.file(zoneFile), withIntermediateDirectories: false)
            },
            Damage(testDescription: "an empty configuration", logged: "horizond.yaml") {
                try $0.write("", to: "horizond.yaml")
            },
            Damage(testDescription: "a missing configuration", logged: "horizond.yaml") {
                try $0.remove("horizond.yaml")
            },
            Damage(testDescription: "an unknown key", logged: "horizond.yaml:1:1") {
                try $0.write(
                    "lisen: [127.0.0.1:1]\n" + $0.read("horizond.yaml"), to: "horizond.yaml")
            },
        ]

        @Test("Whatever is wrong, the old state goes on serving", arguments: damages)
        func damage(damage: Damage) throws {
            let site = try Site()
            let server = site.server
            let configuration = server.directory.read("horizond.yaml")
            let before = server.log
            try damage.inflict(server.directory)
            try server.reload()
            try Self.expectGateway(server, Site.gateway)
            #expect(try server.client.ask("www.example.com", .a).data(.a) == [PublicZones.edge4])
            let logged = server.log.dropFirst(before.count)
            #expect(logged.contains(damage.logged), "\(logged)")
            let status = server.notifications.messages.compactMap { $0["STATUS"] }.last
            #expect(
                status?.lowercased().contains("reload failed") == true, "\(status ?? "no status")")

            // And once it is mended, the new state comes.
            try? server.directory.remove(Self.zoneFile)
            try server.directory.write(configuration, to: "horizond.yaml")
            try server.directory.write("'*': 192.168.10.52\n", to: Self.zoneFile)
            try server.reload()
            try Self.expectGateway(server, "192.168.10.52")
            #expect(server.process.status == nil)
        }

        @Test("Under a storm of SIGHUPs every query is answered")
        func storm() throws {
            let site = try Site()
            let server = site.server
            let names = [
                "argocd.vanillax.me", "www.example.com", "grafana.vanillax.me", "cdn.example.com",
            ]
            let loads = try Transport.allCases.map {
                try Load(names, server: Endpoint(port: server.port), over: $0)
            }
            for round in 0..<60 {
                switch round % 3 {
                case 0:
                    try server.directory.write("'*': 192.168.10.5\(round % 2)\n", to: Self.zoneFile)
                case 1: try server.directory.write("'*': [broken\n", to: Self.zoneFile)
                default: try server.directory.write(Site.overlay, to: Self.zoneFile)
                }
                server.process.signal(SIGHUP)
                pause(.milliseconds(round % 4 == 0 ? 1 : 40))
            }
            for load in loads {
                let count = load.stop()
                #expect(count.sent > 1000)
                #expect(count.answered == count.sent && count.failed == 0, "\(count)")
            }
            try server.directory.write(Site.overlay, to: Self.zoneFile)
            // The last of the storm's reloads may still be under way.
            pause(.milliseconds(300))
            try server.notifications.drain()
            try server.reload()
            try Self.expectGateway(server, Site.gateway)
            #expect(try server.stop() == .exited(0))
        }
    }
}
