import DNS
import TestSupport
import Testing

@testable import Nameserver

@Suite("A flush of cached answers")
struct CacheFlushTests {
    private func scope(_ name: String, andBelow: Bool = false) -> FlushScope {
        .name(Site.name(name), andBelow: andBelow)
    }

    private func answer(_ name: String, _ type: RRType = .a, on site: Site) {
        #expect(site.ask(name, type) == nil, "\(name) is not cached")
        site.reply { $0.add(name, type, type == .a ? [192, 0, 2, 1] : [1, 0x78]) }
        #expect(site.ask(name, type) != nil, "\(name) is cached")
    }

    @Test("of a name takes its answers of every type, and those of no other name")
    func name() {
        let site = Site()
        for name in ["a.example", "x.a.example", "xa.example", "example"] {
            answer(name, on: site)
            answer(name, .txt, on: site)
        }
        #expect(site.cache.remove(scope("A.Example")) == 2)
        #expect(site.cache.remove(scope("a.example")) == 0)
        #expect(site.ask("a.example", .a) == nil && site.ask("a.example", .txt) == nil)
        for name in ["x.a.example", "xa.example", "example"] {
            #expect(site.ask(name, .a) != nil && site.ask(name, .txt) != nil)
        }
    }

    @Test("of a subtree takes the name and all below it; of the root, everything")
    func subtree() {
        let site = Site()
        let names = ["a.example", "x.a.example", "y.x.a.example", "xa.example", "b.example"]
        for name in names { answer(name, on: site) }
        #expect(site.cache.remove(scope("a.EXAMPLE", andBelow: true)) == 3)
        #expect(site.ask("xa.example", .a) != nil && site.ask("b.example", .a) != nil)
        #expect(site.cache.remove(scope("nothing.test", andBelow: true)) == 0)
        #expect(site.cache.remove(.name(.root, andBelow: true)) == 2)
        for name in names { #expect(site.ask(name, .a) == nil) }
    }

    @Test("takes a denial of the name, and one of a name above that denies it too")
    func denials() {
        for flushed in ["a.example", "x.a.example", "y.x.a.example"] {
            let bare = BareCache()
            bare.storeDenial("a.example")
            bare.storeDenial("b.example")
            #expect(bare.denial("y.x.a.example") == 2 && bare.denial("x.b.example") == 1)
            #expect(bare.cache.remove(scope(flushed)) == 1)
            #expect(bare.denial("y.x.a.example") == nil && bare.denial("x.b.example") == 1)
            // The last one: nobody looks for denials any more, and finds the next one.
            #expect(bare.cache.remove(scope("b.example")) == 1)
            bare.storeDenial("c.example")
            #expect(bare.denial("c.example") == 0)
        }
        let bare = BareCache()
        bare.storeDenial("a.example")
        #expect(bare.cache.remove(scope("example")) == 0 && bare.denial("a.example") == 0)
    }

    @Test("takes what is past its lifetime, which is not served any more")
    func stale() {
        let bare = BareCache()
        bare.store("a.example", lifetime: 30)
        bare.store("b.example", lifetime: 30)
        bare.advance(seconds: 60)
        #expect(bare.askStale("a.example", limit: 300) != nil)
        #expect(bare.cache.remove(scope("a.example")) == 1)
        #expect(bare.askStale("a.example", limit: 300) == nil)
        #expect(bare.askStale("b.example", limit: 300) != nil)
    }

    @Test("of everything leaves an empty cache, which is filled again like a new one")
    func everything() {
        let bare = BareCache()
        for _ in 0..<3 {
            bare.flood(5_000)
            bare.replaceMain(500)
            let count = bare.cache.count
            #expect(count > 1_000)
            #expect(bare.cache.remove(.everything) == count)
            #expect(bare.cache.statistics.entries == 0 && bare.cache.statistics.octets == 0)
            #expect(bare.cache.remove(.everything) == 0)
            bare.store("a.example")
            #expect(bare.ask("a.example") != nil)
        }
    }

    @Test("of some of very many names takes just those", arguments: 0..<20 as Range<UInt64>)
    func many(seed: UInt64) {
        let bare = BareCache(seed: seed)
        let names = (0..<1_000).map { "host-\($0).\($0 % 3 == 0 ? "odd" : "even").example" }
        for name in names { bare.store(name) }
        let before = names.filter { bare.ask($0) != nil }
        let removed = bare.cache.remove(scope("odd.example", andBelow: true))
        let left = names.filter { bare.ask($0) != nil }
        #expect(left == before.filter { $0.contains("even") })
        #expect(removed == before.count - left.count && removed > 200)
    }

    @Test(
        "misses nothing that was there, whatever is stored and dropped between its steps",
        arguments: 0..<20 as Range<UInt64>)
    func steps(seed: UInt64) throws {
        let image = BareCache.image
        var shard = CacheShard(octets: 1 << 17)
        var random = SeededGenerator(seed: seed)
        let name = LookupName()
        let key = AnswerKey.Parameters(type: .a, bits: [], partition: 0)
        var hashes: [String: UInt64] = [:]
        func store(_ text: String) {
            name.set(Site.name(text))
            // Some have their home at the end of the index, and lie at its start.
            let hash = random.next() | (random.next() % 8 == 0 ? 0xffff_f000_0000_0000 : 0)
            hashes[text] = hashes[text] ?? hash
            let facts = CacheEntryFacts(key: key, storedAt: 0, lifetime: 300)
            shard.store(image.span, name, facts, hash: hashes[text] ?? 0)
        }
        func isThere(_ text: String) -> Bool {
            name.set(Site.name(text))
            return shard.copy(name, key, hash: hashes[text] ?? 0, now: 0, to: AnswerScratch())
                != nil
        }
        for number in 0..<600 { store("old-\(number).example") }
        var slot: Int? = 0
        var steps = 0
        while slot != nil {
            _ = shard.remove(from: &slot) { octets, _ in octets[1] == UInt8(ascii: "o") }
            steps += 1
            for number in 0..<40 { store("new-\(steps)-\(number).example") }
        }
        #expect(steps > 4)
        for text in hashes.keys where text.hasPrefix("old") { #expect(!isThere(text), "\(text)") }
        #expect(hashes.keys.contains { $0.hasPrefix("new") && isThere($0) })
    }
}
