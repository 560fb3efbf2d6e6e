import DNS
import Nameserver
import Testing

@Suite("The cache")
struct ResponseCacheTests {
    @Test("stays within its size and still answers what was asked for last")
    func bounded() throws {
        let site = Site()
        for number in 0..<20_000 {
            let name = "host-\(number).example"
            site.ask(name, .a)
            site.reply {
                $0.add(name, .a, ttl: 300, [10, 0, UInt8(number >> 8), UInt8(number & 255)])
            }
            if number % 10 == 0 { #expect(site.ask(name, .a)?.answer.count == 1) }
        }
        // 1 MiB holds a few thousand entries of about 130 octets.
        #expect((2_000..<9_000).contains(site.cache.count))
        for number in 19_900..<20_000 {
            let answer = site.ask("host-\(number).example", .a)
            #expect(
                answer?.answer.first?.rdata == [10, 0, UInt8(number >> 8), UInt8(number & 255)])
        }
    }

    @Test("never serves what was stored for another name, type or bit")
    func keys() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, [1, 2, 3, 4]) }
        #expect(site.ask("a.example", .a) != nil)
        #expect(site.ask("b.example", .a) == nil)
        #expect(site.ask("a.example", .aaaa) == nil)
        #expect(site.ask("a.example", .a, flags: 0x0110) == nil)
        #expect(site.ask("a.example", .a, flags: 0) == nil)
    }

    @Test("keeps its entries over a reload that changes no policy")
    func reload() throws {
        let site = Site()
        site.ask("a.example", .https)
        site.reply { $0.addSOA("example") }
        func reload(_ policy: HTTPSRecordPolicy?, cache: CacheLifetimes = .standard) {
            let view = ViewDescription(
                name: "lan", clients: [Site.prefix("192.168.10.0/24")],
                forward: [Site.rule(cache: cache)],
                serverHTTPSRecords: HTTPSRecordRules(defaultPolicy: policy))
            site.snapshot = Snapshot([view], upstreams: site.registry, seed: Site.seed)
        }
        reload(nil)
        #expect(site.ask("a.example", .https) != nil)
        reload(.pass)
        #expect(site.ask("a.example", .https) == nil)
        reload(nil, cache: CacheLifetimes(maximum: 60))
        #expect(site.ask("a.example", .https) == nil)
        reload(.removeH3)
        #expect(site.ask("a.example", .https) != nil)
    }

    @Test("can be turned off, and leaves TTLs as they came then")
    func off() throws {
        let site = Site(forward: [Site.rule(cache: CacheLifetimes(maximum: 0))])
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, ttl: 3600, [1, 2, 3, 4]) }
        #expect(site.lastAnswer?.answer.map(\.ttl) == [3600])
        #expect(site.ask("a.example", .a) == nil)
    }
}
