import DNS
import TestSupport
import Testing

@testable import Nameserver

/// A cache without a server around it: names and images by number, and a clock.
final class BareCache {
    let cache: ResponseCache
    var key = AnswerKey.Parameters(type: .a, bits: .recursionDesired, partition: 7)
    /// Monotonic nanoseconds.
    var now: Int64 = 1_000_000_000_000
    let scratch = AnswerScratch()
    private let name = LookupName()
    private var replaced = 0

    init(size: Int = 1 << 18, seed: UInt64 = Site.seed) {
        cache = ResponseCache(size: size, seed: seed)
    }

    func store(_ text: String, _ image: [UInt8] = BareCache.image, lifetime: UInt32 = 300) {
        name.set(Site.name(text))
        cache.store(image, lifetime: lifetime, name, key, now: now)
    }

    func ask(_ text: String) -> CacheHit? {
        name.set(Site.name(text))
        return cache.copy(name, key, now: now, to: scratch)
    }

    func askStale(_ text: String, limit: UInt32) -> StaleHit? {
        name.set(Site.name(text))
        return cache.copyStale(name, key, limit: limit, now: now, to: scratch)
    }

    func postponeRecheck(_ text: String, seconds: Double) {
        name.set(Site.name(text))
        cache.postponeRecheck(name, key, until: now + Int64(seconds * 1e9))
    }

    func storeDenial(_ text: String, lifetime: UInt32 = 300) {
        name.set(Site.name(text))
        cache.storeDenial(
            Self.image, ofSubtree: true, lifetime: lifetime, name, key, now: now)
    }

    func denial(_ text: String) -> Int? {
        name.set(Site.name(text))
        return cache.copyDenial(name, key, now: now, to: scratch)?.label
    }

    func advance(seconds: Double) { now += Int64(seconds * 1e9) }

    /// What was copied last.
    var copied: [UInt8] {
        let scratch = scratch
        let image = scratch.image
        return image.array(0..<image.count)
    }

    /// As long as that of an address.
    static let image = [UInt8](repeating: 0x5a, count: 60)

    /// Stores so many names that nobody asks for again.
    func flood(_ count: Int, from start: Int = 0) {
        for number in start..<start + count { store("once-\(number).example") }
    }

    /// Stores so many names that are asked for often enough for the main ring, which pushes out all
    /// that is there and not asked for.
    func replaceMain(_ count: Int) {
        defer { replaced += count }
        for number in replaced..<replaced + count {
            store("often-\(number).example")
            _ = ask("often-\(number).example")
            _ = ask("often-\(number).example")
        }
    }
}

@Suite("What the cache keeps")
struct CacheEvictionTests {
    @Test("What is asked for now and then outlives any flood of names that are asked for once")
    func flood() {
        let bare = BareCache()
        bare.flood(5_000)
        let wanted = (0..<80).map { "wanted-\($0).example" }
        for name in wanted { bare.store(name) }
        for _ in 0..<2 {
            for name in wanted { #expect(bare.ask(name) != nil) }
        }
        bare.flood(40_000, from: 5_000)
        #expect(wanted.filter { bare.ask($0) == nil } == [])
        #expect(bare.ask("once-30000.example") == nil)
    }

    @Test("A full cache takes in what becomes popular later")
    func change() {
        let bare = BareCache()
        bare.replaceMain(5_000)
        let wanted = (0..<80).map { "later-\($0).example" }
        // Asked for again only after each was dropped unasked: its return is what shows it.
        for round in 0..<3 {
            for (index, name) in wanted.enumerated() {
                if bare.ask(name) == nil { bare.store(name) }
                bare.flood(4, from: round * 10_000 + index * 4)
            }
        }
        bare.flood(15_000, from: 100_000)
        #expect(wanted.filter { bare.ask($0) == nil }.count <= 1)
    }

    @Test("What is not asked for any more makes room in the end")
    func oldFavourites() {
        let bare = BareCache()
        for _ in 0..<5 {
            if bare.ask("old.example") == nil { bare.store("old.example") }
        }
        #expect(bare.ask("old.example") != nil)
        bare.replaceMain(15_000)
        #expect(bare.ask("old.example") == nil)
    }

    @Test("Whatever is stored, in any length, is found as it was stored or not at all")
    func model() {
        let bare = BareCache(size: 300_000)
        var random = SeededGenerator(seed: 42)
        var stored: [Int: [UInt8]] = [:]
        var hits = 0
        for _ in 0..<60_000 {
            // Squared, so that some are asked for much more often than others.
            let draw = Double.random(in: 0..<1, using: &random)
            let number = Int(draw * draw * 4000)
            if bare.ask("host-\(number).example") != nil {
                hits += 1
                #expect(bare.copied == stored[number])
            } else if random.next() % 8 != 0 {
                let isLarge = random.next() % 50 == 0
                let length = Int.random(in: 20...(isLarge ? 9000 : 300), using: &random)
                let image = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: length)
                stored[number] = image
                bare.store("host-\(number).example", image)
            }
            if random.next() % 16 == 0, stored[number] != nil {
                // A refresh, often of another length.
                let image = [UInt8](
                    repeating: UInt8(truncatingIfNeeded: random.next()),
                    count: Int.random(in: 20...200, using: &random))
                stored[number] = image
                bare.store("host-\(number).example", image)
                #expect(bare.ask("host-\(number).example") != nil)
                #expect(bare.copied == image)
            }
        }
        let statistics = bare.cache.statistics
        #expect(hits > 10_000)
        #expect(statistics.octets <= 300_000 && statistics.octets > 150_000)
        #expect(statistics.evictions > 4_000)
    }

    @Test("The shortest answers fill the index before the memory, and are still found")
    func shortest() {
        let bare = BareCache()
        let image = [UInt8](repeating: 0, count: 20)
        for number in 0..<10_000 {
            bare.store("\(number)", image)
            #expect(bare.ask("\(number)") != nil)
        }
        #expect((1_250..<3_277).contains(bare.cache.count))
    }

    @Test("An answer that would push out a quarter of a shard is not stored")
    func largest() {
        let bare = BareCache()
        bare.store("large.example", [UInt8](repeating: 1, count: 12_000))
        #expect(bare.ask("large.example") != nil)
        bare.store("large.example", [UInt8](repeating: 1, count: 60_000))
        #expect(bare.ask("large.example") == nil, "nor is the one before it")
        #expect(bare.cache.count == 0)
    }

    @Test("The statistics say what is there and what became of it")
    func statistics() {
        let bare = BareCache()
        bare.store("a.example")
        bare.store("b.example")
        bare.store("a.example")
        // 48 octets of header, 11 of name and 60 of image, in words.
        #expect(
            bare.cache.statistics
                == CacheStatistics(entries: 2, octets: 2 * 128, insertions: 3, evictions: 0))
        bare.flood(10_000)
        let statistics = bare.cache.statistics
        #expect(statistics.insertions == 10_003)
        #expect(UInt64(statistics.entries) + statistics.evictions == 10_002)
        #expect(statistics.octets < 1 << 18)
    }

    // MARK: What is noted at an entry

    @Test("A refresh is asked for once in an entry's life, even when the entry was moved meanwhile")
    func due() {
        let bare = BareCache()
        bare.store("a.example", lifetime: 100)
        #expect(bare.ask("a.example") == CacheHit(age: 0, isDue: false))
        bare.advance(seconds: 89)
        #expect(bare.ask("a.example")?.isDue == false)
        bare.advance(seconds: 1)
        #expect(bare.ask("a.example") == CacheHit(age: 90, isDue: true))
        for _ in 0..<20 {
            bare.replaceMain(250)
            for _ in 0..<2 {
                #expect(bare.ask("a.example") == CacheHit(age: 90, isDue: false))
            }
        }
        bare.store("a.example", lifetime: 100)
        bare.advance(seconds: 95)
        #expect(bare.ask("a.example")?.isDue == true)
        #expect(bare.ask("a.example")?.isDue == false)
    }

    @Test("An answer past its lifetime is stale up to the limit, and is then nothing")
    func stale() {
        let bare = BareCache()
        bare.store("a.example", lifetime: 30)
        #expect(bare.askStale("a.example", limit: 60) == nil, "it is still good")
        bare.advance(seconds: 30)
        #expect(bare.ask("a.example") == nil)
        #expect(bare.askStale("a.example", limit: 60) == StaleHit(isRecheckDue: true))
        #expect(bare.copied == BareCache.image)
        bare.advance(seconds: 59)
        #expect(bare.askStale("a.example", limit: 60) != nil)
        bare.advance(seconds: 1)
        #expect(bare.askStale("a.example", limit: 60) == nil)
        bare.store("a.example", lifetime: 30)
        #expect(bare.ask("a.example") == CacheHit(age: 0, isDue: false))
    }

    @Test("Nobody waits again before the time that was noted, wherever the entry was moved to")
    func recheck() {
        let bare = BareCache()
        bare.store("a.example", lifetime: 30)
        bare.advance(seconds: 31.25)
        bare.postponeRecheck("a.example", seconds: 30)
        bare.postponeRecheck("gone.example", seconds: 30)
        for _ in 0..<20 {
            #expect(bare.askStale("a.example", limit: 300) == StaleHit(isRecheckDue: false))
            bare.replaceMain(250)
        }
        bare.advance(seconds: 29.999)
        #expect(bare.askStale("a.example", limit: 300) == StaleHit(isRecheckDue: false))
        bare.advance(seconds: 0.001)
        #expect(bare.askStale("a.example", limit: 300) == StaleHit(isRecheckDue: true))
        bare.store("a.example", lifetime: 30)
        bare.advance(seconds: 30)
        #expect(bare.askStale("a.example", limit: 300) == StaleHit(isRecheckDue: true))
    }
}

@Suite("Denials of whole names")
struct CacheDenialTests {
    @Test("A denial holds for its name and all below it, and for no other")
    func ancestors() {
        let bare = BareCache()
        #expect(bare.denial("a.b.example") == nil)
        bare.storeDenial("b.example")
        #expect(bare.denial("b.example") == 0)
        #expect(bare.denial("a.b.example") == 1)
        #expect(bare.denial("x.y.a.B.example") == 3)
        #expect(bare.copied == BareCache.image)
        for other in ["example", "c.example", "ab.example", "b.example.net", "."] {
            #expect(bare.denial(other) == nil, "\(other)")
        }
        bare.storeDenial("y.a.b.example")
        #expect(bare.denial("x.y.a.b.example") == 1, "the nearest one")
    }

    @Test("A denial ends with its lifetime, and may then be stale for its own name")
    func lifetime() throws {
        let bare = BareCache()
        bare.storeDenial("b.example", lifetime: 30)
        bare.advance(seconds: 29)
        let name = LookupName(Site.name("b.example"))
        let found = bare.cache.copyDenial(name, bare.key, now: bare.now, to: bare.scratch)
        #expect(try #require(found).hit == CacheHit(age: 29, isDue: true))
        bare.advance(seconds: 1)
        #expect(bare.denial("a.b.example") == nil)
        #expect(
            bare.cache.copyStale(
                name, bare.key, limit: 60, now: bare.now, to: bare.scratch)
                == StaleHit(isRecheckDue: true))
    }

    @Test("A denial belongs to its rule, policy and bits, and is no answer to a type")
    func keys() {
        let bare = BareCache()
        let key = bare.key
        bare.storeDenial("b.example")
        #expect(bare.ask("b.example") == nil)
        bare.key = AnswerKey.Parameters(type: .txt, bits: key.bits, partition: key.partition)
        #expect(bare.denial("b.example") == 0)
        bare.key = AnswerKey.Parameters(
            type: RRType(rawValue: 0), bits: key.bits, partition: key.partition)
        #expect(bare.ask("b.example") == nil)
        bare.key = AnswerKey.Parameters(type: .a, bits: [], partition: key.partition)
        #expect(bare.denial("b.example") == nil)
        bare.key = AnswerKey.Parameters(type: .a, bits: key.bits, partition: key.partition + 1)
        #expect(bare.denial("b.example") == nil)
    }

    @Test("Denials that made room are not looked for any more")
    func eviction() {
        let bare = BareCache()
        for number in 0..<1000 { bare.storeDenial("denied-\(number).example") }
        bare.replaceMain(15_000)
        for number in 0..<1000 { #expect(bare.denial("x.denied-\(number).example") == nil) }
        var denials = 0
        for index in 0..<bare.cache.shardCount {
            denials += bare.cache.withShard(index) { $0.denialCount }
        }
        #expect(denials == 0)
        bare.storeDenial("denied.example")
        #expect(bare.denial("x.denied.example") == 1)
    }
}
