import DNS
import TestSupport
import Testing

@testable import Nameserver

@Suite("The cache in a file")
struct CacheSnapshotTests {
    /// What upstreams answer in practice, as it lies in the cache a second later.
    private static func filled() -> ResponseCache {
        let site = Site()
        func ask(_ name: String, _ type: RRType, _ fill: (inout Message) -> Void) {
            site.ask(name, type)
            site.reply(fill)
        }
        ask("www.example", .a) {
            $0.add("www.example", .cname, wire("edge.example.net"))
            $0.add("edge.example.net", .a, [192, 0, 2, 1])
            $0.add("edge.example.net", .a, [192, 0, 2, 2])
        }
        ask("www.example", .https) {
            $0.add("www.example", .https, [0, 1] + wire("svc.example") + [0, 1, 0, 3, 2, 104, 50])
        }
        ask("example", .mx) {
            $0.add("example", .mx, [0, 10] + wire("mail.example"))
            $0.add("mail.example", .a, [192, 0, 2, 25], section: 10)
        }
        ask("text.example", .txt) { $0.add("text.example", .txt, [3] + Array("abc".utf8)) }
        site.ask("gone.example", .a)
        site.reply(rcode: 3) { $0.addSOA("example") }
        site.ask("broken.example", .a)
        site.reply(rcode: 2)
        return site.cache
    }

    private struct Entry: Hashable {
        let key: AnswerKey.Parameters
        let age: Int64
        let lifetime: UInt32
        let name: [UInt8]
        let image: [UInt8]
    }

    private static func entries(_ cache: ResponseCache, now: Int64) -> Set<Entry> {
        var entries: Set<Entry> = []
        for index in 0..<cache.shardCount {
            cache.withShard(index) { shard in
                var progress = CacheShard.Progress()
                while !progress.isAtEnd {
                    shard.forEachEntry(from: &progress, octets: 1) { facts, name, image in
                        entries.insert(
                            Entry(
                                key: facts.key, age: now - facts.storedAt,
                                lifetime: facts.lifetime, name: name.array(0..<name.count),
                                image: image.array(0..<image.count)))
                    }
                }
            }
        }
        return entries
    }

    /// When Site's clock starts.
    private static let start: Int64 = 1_000_000_000_000

    private static func moment(
        _ monotonic: Int64 = start, unixSeconds: Double = 1_800_000_000
    ) -> CacheSnapshot.Moment {
        CacheSnapshot.Moment(
            monotonic: monotonic, unixMilliseconds: Int64(unixSeconds * 1000))
    }

    private static func snapshot(
        _ cache: ResponseCache, at moment: CacheSnapshot.Moment = moment(),
        staleLimit: UInt32 = 86_400
    ) -> [UInt8] {
        var octets: [UInt8] = []
        let count = cache.writeSnapshot(at: moment, staleLimit: staleLimit) { part in
            octets += part.array(0..<part.count)
        }
        #expect(octets.count % 8 == 0 && count <= cache.count)
        return octets
    }

    private static func load(
        _ octets: [UInt8], into cache: ResponseCache = ResponseCache(size: 1 << 18, seed: 99),
        at moment: CacheSnapshot.Moment = moment(), staleLimit: UInt32 = 86_400
    ) throws(CacheSnapshot.Flaw) -> (cache: ResponseCache, count: Int) {
        (cache, try cache.load(octets.span, at: moment, staleLimit: staleLimit))
    }

    /// The octets with a checksum that is right.
    private static func sealed(_ octets: [UInt8]) -> [UInt8] {
        var octets = octets
        var checksum = CacheSnapshot.Checksum()
        let end = octets.count - 8
        checksum.add(octets.span.extracting(..<end))
        var span = octets.mutableSpan
        span.store(checksum.value, at: end)
        return octets
    }

    @Test("Everything comes back, under another seed and by another clock")
    func roundTrip() throws {
        let cache = Self.filled()
        #expect(cache.count == 6)
        let octets = Self.snapshot(cache)
        let (other, count) = try Self.load(octets, at: Self.moment(5_000_000_000))
        #expect(count == 6)
        #expect(
            Self.entries(other, now: 5_000_000_000) == Self.entries(cache, now: Self.start))
        #expect(try Self.load(Self.snapshot(other, at: Self.moment(5_000_000_000))).count == 6)
    }

    /// Goes through a cache of one shard by small steps, with `change` between them, and gives each name
    /// and image that came, the name's first label alone.
    private static func walk(
        _ bare: BareCache, change: (Int) -> Void
    ) -> [(name: String, image: [UInt8])] {
        var found: [(String, [UInt8])] = []
        var progress = CacheShard.Progress()
        var step = 0
        while !progress.isAtEnd {
            bare.cache.withShard(0) { shard in
                shard.forEachEntry(from: &progress, octets: 200) { _, name, image in
                    let label = name.array(1..<1 + Int(name[0]))
                    found.append(
                        (String(decoding: label, as: UTF8.self), image.array(0..<image.count)))
                }
            }
            change(step)
            step += 1
        }
        return found
    }

    @Test("What stays in its place while others come is passed once, and nothing else is")
    func steps() {
        let bare = BareCache(size: 65_536)
        // Few enough to stay in the small ring, out of which some would move behind the walk.
        let names = (0..<30).map { "old\($0)" }
        for name in names { bare.store("\(name).example", Array(name.utf8)) }
        let found = Self.walk(bare) { step in bare.store("new\(step).example", [1]) }
        let old = found.filter { $0.name.hasPrefix("old") }
        #expect(old.map(\.name) == names)
        #expect(old.map(\.image) == names.map { Array($0.utf8) })
        #expect(found.count > names.count)
    }

    @Test("While rings turn over under it a walk ends, and all that it passes is whole")
    func stepsAmongEvictions() {
        for rate in [1, 3, 10, 100, 500] {
            let bare = BareCache(size: 65_536)
            var generator = SystemRandomNumberGenerator()
            func store(_ number: Int) {
                let image = Array("n\(number)".utf8)
                let padding = [UInt8](
                    repeating: 7, count: Int.random(in: 0...200, using: &generator))
                bare.store("n\(number).example", image + padding)
                if number % 3 == 0 { _ = bare.ask("n\(number - 9).example") }
            }
            for number in 0..<2000 { store(number) }
            var next = 2000
            let found = Self.walk(bare) { step in
                if step % 23 == 22 { bare.cache.resize(to: step % 2 == 0 ? 20_000 : 65_536) }
                if step % 37 == 36 { _ = bare.cache.remove(.everything) }
                for _ in 0..<rate { store(next); next += 1 }
            }
            #expect(!found.isEmpty)
            for (name, image) in found {
                let text = Array(name.utf8)
                #expect(
                    image.starts(with: text) && image.dropFirst(text.count).allSatisfy { $0 == 7 })
            }
        }
    }

    @Test("An answer that is 10 seconds old is 30 seconds old when 20 seconds have passed")
    func age() throws {
        let site = Site()
        site.ask("a.example", .a)
        site.reply { $0.add("a.example", .a, ttl: 300, [1, 2, 3, 4]) }
        let stored = site.now
        let octets = Self.snapshot(
            site.cache, at: Self.moment(stored + 10_250_000_000, unixSeconds: 1000))
        // Kept for 30 seconds, so good for less than 20 more.
        for (seconds, isGood) in [(1019.5, true), (1020.5, false)] {
            let cache = try Self.load(octets, at: Self.moment(77, unixSeconds: seconds)).cache
            let entry = try #require(Self.entries(cache, now: 77).first)
            #expect(entry.age == Int64((seconds - 1000 + 10.25) * 1e9))
            let hit = cache.copy(
                LookupName(Site.name("a.example")), entry.key, now: 77, to: AnswerScratch())
            #expect(hit?.age == (isGood ? 29 : nil))
        }
        let early = try Self.load(octets, at: Self.moment(77, unixSeconds: 500)).cache
        #expect(
            Self.entries(early, now: 77).first?.age == 10_250_000_000,
            "a clock that was set back says nothing")
    }

    @Test("Neither side keeps what is past its lifetime and past being stale")
    func stale() throws {
        let cache = Self.filled()
        let later = Self.start + 100_000_000_000
        #expect(try Self.load(Self.snapshot(cache, at: Self.moment(later))).count == 6)
        let few = Self.snapshot(cache, at: Self.moment(later), staleLimit: 80)
        // All but the SERVFAIL, which lived for 5 seconds.
        #expect(try Self.load(few).count == 5)
        let none = Self.snapshot(cache, at: Self.moment(later), staleLimit: 10)
        #expect(try Self.load(none).count == 0)
        #expect(try Self.load(Self.snapshot(cache), staleLimit: 0).count == 6)
        let after = Self.moment(unixSeconds: 1_800_000_006)
        #expect(try Self.load(Self.snapshot(cache), at: after, staleLimit: 0).count == 5)
        let never = Self.moment(unixSeconds: 1e15)
        #expect(try Self.load(Self.snapshot(cache), at: never, staleLimit: .max).count == 0)
    }

    @Test("Denials of whole names come back as such")
    func denials() throws {
        let bare = BareCache()
        let image = AnswerImage.failure(
            .nameError, questionEnd: 12 + 11 + 4, extendedError: ExtendedErrorOption(29, "why"))
        let name = LookupName(Site.name("b.example"))
        bare.cache.storeDenial(
            image, ofSubtree: true, lifetime: 300, name, bare.key, now: bare.now)
        let other = BareCache()
        let loaded = try Self.load(Self.snapshot(bare.cache), into: other.cache)
        #expect(loaded.count == 1)
        #expect(other.denial("a.b.example") == 1)
        #expect(other.copied == image)
    }

    @Test("A cache that has become smaller keeps what is asked for often")
    func smaller() throws {
        let bare = BareCache(size: 1 << 20)
        func image(_ name: String) -> [UInt8] {
            AnswerImage.failure(
                .nameError, questionEnd: 12 + wire(name).count + 4, extendedError: nil)
        }
        for number in 0..<3000 {
            bare.store("once-\(number).example", image("once-\(number).example"))
        }
        for number in 0..<100 {
            let name = "often-\(number).example"
            bare.store(name, image(name))
            for _ in 0..<3 { #expect(bare.ask(name) != nil) }
        }
        for number in 3000..<20_000 {
            bare.store("once-\(number).example", image("once-\(number).example"))
        }
        for number in 0..<100 { #expect(bare.ask("often-\(number).example") != nil) }
        let small = BareCache(size: 1 << 18)
        _ = try Self.load(Self.snapshot(bare.cache), into: small.cache)
        let kept = (0..<100).filter { small.ask("often-\($0).example") != nil }
        #expect(kept.count >= 95)
    }

    // MARK: Files that are not right

    @Test("A file that is cut anywhere is not loaded")
    func truncated() {
        let octets = Self.snapshot(Self.filled())
        for length in 0..<octets.count {
            #expect(throws: length < 8 ? CacheSnapshot.Flaw.foreign : .damaged) {
                try Self.load(Array(octets[..<length]))
            }
        }
    }

    @Test("A file in which any bit is wrong is not loaded, nor is a part of it")
    func damaged() {
        let octets = Self.snapshot(Self.filled())
        for bit in 0..<octets.count * 8 {
            var changed = octets
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let cache = ResponseCache(size: 1 << 18, seed: 1)
            let flaw: CacheSnapshot.Flaw =
                bit < 64 ? .foreign : bit < 128 ? .otherVersion : .damaged
            #expect(throws: flaw) { try Self.load(changed, into: cache) }
            #expect(cache.count == 0)
        }
    }

    @Test("A file of another version is not loaded, however right it is")
    func version() {
        var octets = Self.snapshot(Self.filled())
        octets[15] = 2
        #expect(throws: CacheSnapshot.Flaw.otherVersion) { try Self.load(Self.sealed(octets)) }
    }

    /// Whether the only entry's image is taken after `change` to its octets. The image is that of an
    /// address and a mail exchanger, with an extended error of three octets.
    private static func isTaken(_ change: (inout [UInt8]) -> Void) throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 512)
        var writer = MessageWriter(buffer.mutableSpan, limit: 512)
        writer.write(Header(id: 0, flags: 0, questionCount: 1))
        writer.write(Question(name: Site.name("example"), type: .mx))
        let exchanger = [0, 10] + wire("mail.example")
        writer.writeRecord(
            owner: Site.name("example"), type: .mx, ttl: 300, rdata: exchanger.span)
        let address: [UInt8] = [192, 0, 2, 25]
        writer.writeRecord(
            owner: Site.name("mail.example"), type: .a, ttl: 300, rdata: address.span)
        let image = AnswerImage(
            flags: 0, answerCount: 1, additionalCount: 1, questionEnd: 12 + 9 + 4,
            extendedError: ExtendedErrorOption(4, "abc"))
        var octets = try image.encoded(of: writer.written)
        #expect(octets[8..<12] == [0, 2, 0, 1])
        change(&octets)
        var check = AnswerImageCheck()
        return check.accepts(octets.span, name: wire("example").span)
    }

    @Test("An image is taken only when every place and number in it is right")
    func images() throws {
        #expect(try Self.isTaken { _ in })
        // Header, two TTLs' places, a watched name's place, three octets of text.
        let sections = 20 + 6 + 3
        for (offset, what) in [
            (0, "a response's own flag"), (3, "a record too many"), (5, "an authority record"),
            (7, "additional records"), (9, "TTLs"), (11, "watched names"),
            (13, "the question's end"), (15, "the last alias"), (19, "the text's length"),
            (21, "a TTL's place"), (23, "another TTL's place"), (25, "a watched name's place"),
            (sections + 1, "an owner's pointer"), (sections + 5, "a class"),
            (sections + 11, "the data's length"),
        ] {
            #expect(try !Self.isTaken { $0[offset] ^= 0x40 }, "\(what)")
            #expect(try !Self.isTaken { $0[offset] = 255 }, "\(what)")
        }
        #expect(try !Self.isTaken { $0[sections + 6] = 0x80 }, "a TTL of over 68 years")
        #expect(try Self.isTaken { $0[sections + 6] = 0x40 }, "another TTL")
        #expect(try !Self.isTaken { $0[sections + 1] = 4 }, "a name in the header")
        #expect(try !Self.isTaken { $0.removeLast() })
        #expect(try !Self.isTaken { $0.append(0) })
        #expect(try !Self.isTaken { $0 = [] })
        #expect(try !Self.isTaken { $0 = Array($0[..<19]) })
        #expect(try !Self.isTaken { $0 += [UInt8](repeating: 0, count: 65_535) })
        #expect(try Self.isTaken { $0[17] = 9 }, "another extended error")
        #expect(try Self.isTaken { $0[1] = 3 }, "another response code")
    }

    @Test("Nothing that a file says leads outside of it or into a message that cannot be read")
    func mutations() throws {
        let octets = Self.snapshot(Self.filled())
        var random = SeededGenerator(seed: 20)
        var taken = 0
        for _ in 0..<3_000 {
            var changed = octets
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 24..<octets.count - 8, using: &random)
                changed[place] =
                    random.next() % 2 == 0 ? UInt8(truncatingIfNeeded: random.next()) : 255
            }
            if random.next() % 4 == 0 {
                let start = Int.random(in: 3..<changed.count / 8 - 2, using: &random) * 8
                changed.removeSubrange(start..<start + 8)
            }
            guard let cache = try? Self.load(Self.sealed(changed)).cache else { continue }
            for entry in Self.entries(cache, now: Self.start) {
                taken += 1
                try Self.read(entry)
            }
        }
        #expect(taken > 3_000)
    }

    /// Reads a loaded entry as a message.
    private static func read(_ entry: Entry) throws {
        var message = [UInt8](repeating: 0, count: 65_535)
        var span = message.mutableSpan
        span.copy(entry.name.span, at: 12)
        let image = AnswerImageView(entry.image.span)
        image.expand(into: &span, .seconds(1))
        let textLength = image.extendedErrorText.count
        #expect(textLength <= 255)
        var reader = MessageReader(
            span.span.extracting(..<image.messageLength), at: image.questionEnd)
        let count = image.answerCount + image.authorityCount + image.additionalCount
        for _ in 0..<count {
            let record = try reader.readRecord()
            _ = try MessageReader.name(in: reader.message, at: record.ownerOffset)
        }
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
        for index in 0..<image.watchedCount {
            // It may be that of a malformed service binding, which is told from others when it is used.
            let place = image.watchedName(index)
            #expect(place < reader.offset)
        }
        _ = try MessageReader.name(in: reader.message, at: image.finalName)
    }
}
