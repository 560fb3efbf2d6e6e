import DNS
import Nameserver
import Testing

@Suite("The bypass guard")
struct BypassGuardTests {
    static let names = [
        "use-application-dns.net", "x.use-application-dns.net", "mask.icloud.com",
        "MASK-H2.icloud.com", "a.b.mask.icloud.com", "canary.mask-h2.icloud.com",
    ]

    @Test(
        "denies the names by which clients find a way around, for every type",
        arguments: names, [RRType.a, .aaaa, .https, .soa, .any, .ds])
    func denied(name: String, type: RRType) throws {
        let site = Site()
        let answer = try #require(site.ask(name, type))
        #expect(answer.rcode == 3 && answer.answer.isEmpty)
        #expect(answer.authority.map(\.type) == [.soa])
        #expect(answer.authority.map(\.ttl) == [60])
        #expect(answer.isAuthoritative && site.sent.isEmpty)
    }

    @Test("The extended error says that it was filtered, whatever the transport")
    func extendedError() {
        for transport in [ClientTransport.udp, .tcp] {
            let answer = Site().ask("mask.icloud.com", .aaaa, over: transport, edns: true)
            #expect(answer?.rcode == 3 && answer?.extendedError == 17)
            #expect(answer?.extendedErrorText?.contains("bypass-guard") == true)
        }
    }

    @Test(
        "leaves their neighbours alone",
        arguments: ["icloud.com", "notmask.icloud.com", "net", "application-dns.net", "apple.com"])
    func neighbours(name: String) throws {
        let site = Site()
        #expect(site.ask(name, .a) == nil)
        #expect(site.processor.bypasses.queries == 0)
    }

    @Test("lets everything pass when it is off", arguments: names)
    func off(name: String) throws {
        var view = ViewDescription(
            name: "lan", clients: [Site.prefix("192.168.10.0/24")], forward: [Site.rule()])
        view.hasBypassGuard = false
        let site = Site([view])
        #expect(site.ask(name, .a) == nil && site.sent.count == 1)
        #expect(site.processor.bypasses.queries == 0)
    }

    @Test("gives a domain to the zone or rule that names it or one above it")
    func named() throws {
        let site = Site(
            zones: [
                try zone(
                    "use-application-dns.net", mode: .authoritative,
                    [("use-application-dns.net", .a, [192, 0, 2, 1])])
            ],
            forward: [Site.rule(), Site.rule("icloud.com")])
        #expect(site.ask("use-application-dns.net", .a)?.answer.count == 1)
        #expect(site.ask("mask.icloud.com", .a) == nil)
        #expect(site.ask("mask-h2.icloud.com", .a) == nil)
        #expect(site.processor.bypasses.queries == 0)
        // The root's rule names no domain.
        #expect(Site(forward: [Site.rule()]).ask("mask.icloud.com", .a)?.rcode == 3)
    }

    @Test("denies what an upstream alias leads to")
    func alias() throws {
        let site = Site()
        site.ask("relay.example", .a)
        site.reply {
            $0.add("relay.example", .cname, wire("mask.icloud.com"))
            $0.add("mask.icloud.com", .a, [203, 0, 113, 1])
        }
        #expect(site.lastAnswer?.rcode == 3)
        #expect(site.lastAnswer?.answer.map(\.type) == [.cname])
    }

    @Test(
        "counts queries and distinct clients, with one notice for each way that a client asks for")
    func counted() throws {
        let site = Site([
            ViewDescription(
                name: "lan", clients: [Site.prefix("0.0.0.0/0")], forward: [Site.rule()])
        ])
        for _ in 0..<3 {
            site.ask("mask.icloud.com", .a, from: "192.168.10.7")
            site.ask("mask.icloud.com", .https, from: "192.168.10.7")
        }
        site.ask("x.use-application-dns.net", .a, from: "192.168.10.8")
        #expect(site.processor.bypasses.queries == 7)
        #expect(site.processor.bypasses.clients.count == 2)
        let notices = site.processor.bypasses.takeNotices()
        #expect(
            notices.map(\.description) == [
                "192.168.10.7 asked for mask.icloud.com (iCloud Private Relay): told that it does "
                    + "not exist; bypass-guard: false lets it pass",
                "192.168.10.8 asked for use-application-dns.net (Firefox's DNS over HTTPS): told "
                    + "that it does not exist; bypass-guard: false lets it pass",
            ])
        site.ask("mask-h2.icloud.com", .a, from: "192.168.10.7")
        #expect(site.processor.bypasses.takeNotices().isEmpty)
        site.ask("use-application-dns.net", .a, from: "192.168.10.7")
        #expect(site.processor.bypasses.takeNotices().map(\.bypass) == [.firefox])
        #expect(site.processor.bypasses.queries == 9)
        #expect(site.processor.bypasses.queriesByKind[.firefox] == 2)
        #expect(site.processor.bypasses.clients.count == 2)
    }

    @Test("remembers a bounded number of clients, and counts the queries of the rest")
    func bounded() throws {
        let site = Site([
            ViewDescription(
                name: "lan", clients: [Site.prefix("0.0.0.0/0")], forward: [Site.rule()])
        ])
        let many = BypassCounter.maximumClients + 10
        for _ in 0..<2 {
            for number in 0..<many {
                site.ask("mask.icloud.com", .a, from: "10.0.\(number / 256).\(number % 256)")
            }
        }
        #expect(site.processor.bypasses.queries == UInt64(2 * many))
        #expect(site.processor.bypasses.clients.count == BypassCounter.maximumClients)
        #expect(site.processor.bypasses.overflow == 20)
        #expect(site.processor.bypasses.takeNotices().count == BypassCounter.maximumClients)
    }
}
