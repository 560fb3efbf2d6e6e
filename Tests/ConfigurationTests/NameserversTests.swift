import DNS
import Foundation
import Nameserver
import Testing

@testable import Configuration

@Suite("Files with nameserver lines are followed")
struct NameserversTests {
    private typealias News = Configuration.NameserverNews

    private static func upstreams(_ configuration: Configuration) -> [[String]] {
        configuration.views.flatMap(\.forward).map { $0.upstreams.map(\.description) }
    }

    @Test("Every rule and view that names a file is told what it names now, in one line a file")
    func changed() throws {
        let site = try Site(
            """
            forward: {.: [192.0.2.9, ./first], home.arpa: ./second}
            views:
              lan: {clients: [10.0.0.0/8]}
              guest: {clients: [172.16.0.0/12], forward: {.: ./first, bücher.example: ./first}}
            """,
            files: [
                "first": "nameserver 192.0.2.1\n", "second": "nameserver 192.0.2.2\n",
            ])
        var configuration = try site.load()
        #expect(configuration.rereadNameservers() == News())
        try site.write("nameserver 192.0.2.3\nnameserver [2001:db8::3]:5300\n", to: "first")
        let news = configuration.rereadNameservers()
        #expect(
            news.changes == [
                "\(site.path("./first")) changed: forwarding ., "
                    + "bücher.example (xn--bcher-kva.example) to 192.0.2.3, [2001:db8::3]:5300"
            ])
        #expect(news.silences == [])
        let new = ["192.0.2.3:53", "[2001:db8::3]:5300"]
        #expect(
            Self.upstreams(configuration)
                == [["192.0.2.9:53"] + new, ["192.0.2.2:53"], new, new, ["192.0.2.2:53"]])
        #expect(configuration.rereadNameservers() == News())
    }

    @Test("The rest of the configuration may be half-written meanwhile")
    func brokenConfiguration() throws {
        let site = try Site("forward: {.: ./servers}", files: ["servers": "nameserver 192.0.2.1"])
        var configuration = try site.load()
        try site.write("forward: {.: [./serv", to: "horizond.yaml")
        try site.write("nameserver 192.0.2.2", to: "servers")
        #expect(configuration.rereadNameservers().changes.count == 1)
        #expect(Self.upstreams(configuration) == [["192.0.2.2:53"]])
    }

    @Test(
        "The servers before stay when a file names none, which is told once",
        arguments: [
            ("", "names no server"),
            ("search lan\n", "names no server"),
            ("nameserver 127.0.0.1\n", "names no server but ourselves"),
            (
                String(repeating: "#", count: 100_000),
                "cannot be read: it has 100000 octets, more than 65536"
            ),
            (nil, "does not exist"),
        ])
    func silent(text: String?, reason: String) throws {
        let site = try Site("", files: ["resolv.conf": "nameserver 192.0.2.1\n"])
        try site.write("{}", to: "horizond.yaml")
        var configuration = try site.load()
        let path = site.path("resolv.conf")
        if let text {
            try site.write(text, to: "resolv.conf")
        } else {
            try FileManager.default.removeItem(atPath: path)
        }
        let news = configuration.rereadNameservers()
        #expect(news.changes == [])
        let silence = "\(path): \(reason); the servers that it named before stay: 192.0.2.1"
        #expect(news.silences == [silence])
        #expect(configuration.rereadNameservers() == News())
        #expect(Self.upstreams(configuration) == [["192.0.2.1:53"]])

        // A reload in that moment keeps them too, and has told it.
        var reloaded = try Configuration.load(
            path: site.path("horizond.yaml"), seed: Site.seed, resolvConf: path,
            previous: configuration)
        #expect(reloaded.warnings.map(\.description) == [silence])
        #expect(Self.upstreams(reloaded) == [["192.0.2.1:53"]])
        #expect(reloaded.rereadNameservers() == News())

        // The same servers again are no news, and others are.
        try site.write("nameserver 192.0.2.1\n", to: "resolv.conf")
        #expect(reloaded.rereadNameservers() == News())
        try site.write("nameserver 192.0.2.2\n", to: "resolv.conf")
        #expect(reloaded.rereadNameservers().changes.count == 1)
    }

    @Test("A host that starts without nameservers asks those that come")
    func lateStart() throws {
        let site = try Site("{}")
        var configuration = try site.load()
        #expect(Self.upstreams(configuration) == [[]])
        #expect(configuration.rereadNameservers() == News())
        try site.write("nameserver 192.0.2.1\n", to: "resolv.conf")
        #expect(
            configuration.rereadNameservers().changes
                == ["\(site.path("resolv.conf")) changed: forwarding . to 192.0.2.1"])
        #expect(Self.upstreams(configuration) == [["192.0.2.1:53"]])
    }

    @Test(
        "A rule for everything may wait for its file, or its servers; one for a domain may not",
        arguments: [("", "names no server"), (nil, "does not exist")])
    func emptyAtStart(text: String?, problem: String) throws {
        let site = try Site("forward: {.: ./servers}", files: text.map { ["servers": $0] } ?? [:])
        let servers = site.path("./servers")
        var configuration = try site.load()
        #expect(
            configuration.warnings.map(\.description) == [
                "\(site.path("horizond.yaml")):1:14: \"\(servers)\" \(problem): "
                    + "it is not asked until it does; expected a file with nameserver lines"
            ])
        #expect(configuration.rereadNameservers() == News())
        try site.write("nameserver 192.0.2.1\n", to: "servers")
        #expect(configuration.rereadNameservers().changes.count == 1)
        #expect(Self.upstreams(configuration) == [["192.0.2.1:53"]])
        #expect(
            try errors("forward: {home.arpa: ./servers}", files: ["servers": ""]).map {
                $0.contains("names no server; expected a file with nameserver lines")
            } == [true])
    }

    @Test("A file is followed through its links, to wherever they lead by then")
    func links() throws {
        let site = try Site(
            "{}", files: ["a": "nameserver 192.0.2.1\n", "b": "nameserver 192.0.2.2\n"])
        let link = site.path("resolv.conf")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "a")
        var configuration = try site.load()
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "b")
        #expect(configuration.rereadNameservers().changes.count == 1)
        #expect(Self.upstreams(configuration) == [["192.0.2.2:53"]])
    }

    @Test("Lines that name no server are left out")
    func unusable() {
        let file = ResolvConf(
            text: """
                nameserver 192.0.2.1
                nameserver 192.0.2.1
                nameserver [192.0.2.2]:5300
                nameserver [2001:db8::1]:0
                nameserver [2001:db8::1]
                nameserver 192.0.2.3:53
                nameserver 224.0.0.251
                nameserver 0.0.0.0
                nameserver
                #nameserver 192.0.2.4
                """)
        #expect(file.nameservers.map(\.description) == ["192.0.2.1:53", "192.0.2.2:5300"])
        #expect(file.unusable.map(\.line) == [4, 5, 6, 7, 8])
    }

    @Test("Of a line that is left out it is said what belongs there")
    func advice() throws {
        let site = try Site(
            "forward: {.: ./servers}",
            files: [
                "servers": """
                nameserver 192.0.2.1
                nameserver 127.0.0.1:33102
                nameserver 192.0.2.1:0
                nameserver fe80::1%eth0
                nameserver fe80::1
                nameserver 224.0.0.251
                nameserver 224.0.0.251:53
                """
            ])
        let expected = "the address of a server, with a port as [ADDRESS]:PORT"
        #expect(
            try site.warnings().map { $0.replacingOccurrences(of: "./servers:", with: "") } == [
                "2:1: nameserver \"127.0.0.1:33102\" is left out; expected \(expected); "
                    + "did you mean [127.0.0.1]:33102?",
                "3:1: nameserver \"192.0.2.1:0\" is left out; expected \(expected)",
                "4:1: nameserver \"fe80::1%eth0\" is left out; "
                    + "expected an address without a zone index",
                "5:1: nameserver \"fe80::1\" is left out; "
                    + "expected a global or unique local (fd…) address",
                "6:1: nameserver \"224.0.0.251\" is left out; expected \(expected)",
                "7:1: nameserver \"224.0.0.251:53\" is left out; expected \(expected)",
            ])
    }

    @Test("No more upstreams are asked than a query has time for, and each once")
    func manyServers() throws {
        let lines = (1...20).map { "nameserver 192.0.2.\($0)\n" }.joined()
        let view = try onlyView("forward: {.: [192.0.2.3, ./servers]}", files: ["servers": lines])
        let upstreams = view.forward[0].upstreams.map(\.description)
        #expect(upstreams.count == ForwardRule.maximumUpstreams)
        #expect(
            upstreams.prefix(4) == ["192.0.2.3:53", "192.0.2.1:53", "192.0.2.2:53", "192.0.2.4:53"])
    }
}
