import DNS

/// The cache as octets for a file, so that it outlives a restart.
///
/// In words of eight octets, all integers in network order: a magic word; the format's version; when it
/// was made, in milliseconds since 1970; the entries; a checksum of all before it. An entry is:
/// partition (64 bits); age in milliseconds when the snapshot was made, lifetime in seconds (32 bits
/// each); how often it was asked for lately (8 bits), image's length (24 bits); type (16 bits), bits,
/// name's length (8 bits each); the name and the image, each padded to words with zeros.
package enum CacheSnapshot {
    /// "hzncache".
    static let magic: UInt64 = 0x687a_6e63_6163_6865
    /// What every file of cached answers begins with.
    package static let magicOctets = Array("hzncache".utf8)
    /// To be raised when an entry's or an image's form changes.
    static let version: UInt64 = 1
    static let headerLength = 24
    static let entryHeaderLength = 24
    static let checksumLength = 8
    /// What is copied under one lock, in octets and but for its last entry: about 50 microseconds.
    static let partLength = 32_768
    static let longestEntry =
        entryHeaderLength + LookupName.paddedLength(255)
        + LookupName.paddedLength(AnswerScratch.capacity)
    /// In milliseconds, some 280 years: nothing is good any more, and nanoseconds do not overflow.
    static let maximumDowntime: Int64 = 1 << 43

    /// One moment by both clocks.
    package struct Moment: Sendable {
        /// Monotonic nanoseconds.
        package let monotonic: Int64
        /// Milliseconds since 1970.
        package let unixMilliseconds: Int64

        package init(monotonic: Int64, unixMilliseconds: Int64) {
            self.monotonic = monotonic
            self.unixMilliseconds = unixMilliseconds
        }
    }

    /// Why a file is not loaded.
    package enum Flaw: Error, Equatable, CustomStringConvertible {
        case foreign
        case otherVersion
        case damaged

        package var description: String {
            switch self {
            case .foreign: "not a file of cached answers"
            case .otherVersion: "written by another version"
            case .damaged: "damaged"
            }
        }
    }

    /// What is known of an entry before its name and image.
    struct EntryHeader {
        let facts: CacheEntryFacts
        let nameLength: Int
        let imageLength: Int

        var length: Int {
            entryHeaderLength + LookupName.paddedLength(nameLength)
                + LookupName.paddedLength(imageLength)
        }
    }

    /// A hash of whole words.
    struct Checksum {
        // Any key: against accidents, not against those who can write the file.
        private var hash = SipHash(SipHash.Key(low: magic, high: version))
        private var count = 0

        mutating func add(_ octets: Span<UInt8>) {
            for offset in stride(from: 0, to: octets.count, by: 8) {
                hash.combine(octets.uint64(at: offset))
            }
            count += octets.count
        }

        var value: UInt64 { hash.finish(count: count) }
    }
}

extension ResponseCache {
    /// Gives `write` the snapshot in parts, each copied under a shard's lock in less time than a query
    /// notices; returns how many answers it holds: those that are good or past their lifetime by less
    /// than `staleLimit` seconds.
    package func writeSnapshot<Failure>(
        at moment: CacheSnapshot.Moment, staleLimit: UInt32,
        to write: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var checksum = CacheSnapshot.Checksum()
        var buffer = [UInt8](repeating: 0, count: CacheSnapshot.headerLength)
        var header = buffer.mutableSpan
        header.store(CacheSnapshot.magic, at: 0)
        header.store(CacheSnapshot.version, at: 8)
        header.store(UInt64(clamping: moment.unixMilliseconds), at: 16)
        checksum.add(buffer.span)
        try write(buffer.span)
        var count = 0
        // An entry is shorter here than in the shard.
        buffer = [UInt8](repeating: 0, count: CacheSnapshot.partLength + CacheSnapshot.longestEntry)
        for index in 0..<shardCount {
            var progress = CacheShard.Progress()
            while !progress.isAtEnd {
                let length = withShard(index) { shard in
                    var end = 0
                    var target = buffer.mutableSpan
                    shard.forEachEntry(from: &progress, octets: CacheSnapshot.partLength) {
                        facts, name, image in
                        guard facts.isWorthKeeping(at: moment.monotonic, staleLimit) else { return }
                        target.store(facts, name, image, now: moment.monotonic, at: &end)
                        count += 1
                    }
                    return end
                }
                guard length > 0 else { continue }
                let part = buffer.span.extracting(..<length)
                checksum.add(part)
                try write(part)
            }
        }
        buffer = [UInt8](repeating: 0, count: CacheSnapshot.checksumLength)
        var trailer = buffer.mutableSpan
        trailer.store(checksum.value, at: 0)
        try write(buffer.span)
        return count
    }

    /// Stores the answers of a snapshot that are still good or past their lifetime by less than
    /// `staleLimit` seconds, but for those that there are newer ones of, and returns how many. Queries
    /// may be answered meanwhile. Time has passed by the wall clock; one that was set
    /// back meanwhile says that none has. Throws, and stores nothing, when the whole is not what
    /// `writeSnapshot` made; a single answer that this server would not have made is left out.
    package func load(
        _ snapshot: Span<UInt8>, at moment: CacheSnapshot.Moment, staleLimit: UInt32
    ) throws(CacheSnapshot.Flaw) -> Int {
        let end = snapshot.count - CacheSnapshot.checksumLength
        guard snapshot.count >= 8, snapshot.uint64(at: 0) == CacheSnapshot.magic else {
            throw .foreign
        }
        guard end >= CacheSnapshot.headerLength, snapshot.count % 8 == 0 else { throw .damaged }
        guard snapshot.uint64(at: 8) == CacheSnapshot.version else { throw .otherVersion }
        var checksum = CacheSnapshot.Checksum()
        checksum.add(snapshot.extracting(..<end))
        guard checksum.value == snapshot.uint64(at: end) else { throw .damaged }
        let passed = moment.unixMilliseconds - Int64(clamping: snapshot.uint64(at: 16))
        let then =
            moment.monotonic - min(max(0, passed), CacheSnapshot.maximumDowntime) * 1_000_000
        let entries = snapshot.extracting(CacheSnapshot.headerLength..<end)
        try Self.checkBounds(entries)

        var check = AnswerImageCheck()
        let key = LookupName()
        var count = 0
        var offset = 0
        while let entry = CacheSnapshot.EntryHeader(entries, at: offset, madeAt: then) {
            let nameStart = offset + CacheSnapshot.entryHeaderLength
            let imageStart = nameStart + LookupName.paddedLength(entry.nameLength)
            let name = entries.extracting(nameStart..<nameStart + entry.nameLength)
            let image = entries.extracting(imageStart..<imageStart + entry.imageLength)
            offset += entry.length
            guard entry.facts.isWorthKeeping(at: moment.monotonic, staleLimit),
                key.setUncompressed(name, at: 0) == name.count, check.accepts(image, name: name)
            else { continue }
            if storeUnlessHeld(image, key, entry.facts) { count += 1 }
        }
        return count
    }

    /// Throws unless the entries lie one behind the other up to the end.
    private static func checkBounds(_ entries: Span<UInt8>) throws(CacheSnapshot.Flaw) {
        var offset = 0
        while let entry = CacheSnapshot.EntryHeader(entries, at: offset, madeAt: 0) {
            guard entry.length <= entries.count - offset else { throw .damaged }
            offset += entry.length
        }
        guard offset == entries.count else { throw .damaged }
    }
}

extension CacheSnapshot.EntryHeader {
    /// Reads the fields at `offset`; nil when there are not so many octets. `madeAt` is the moment
    /// of the snapshot in monotonic nanoseconds, which may be before the clock's start.
    fileprivate init?(_ octets: Span<UInt8>, at offset: Int, madeAt: Int64) {
        guard octets.count - offset >= CacheSnapshot.entryHeaderLength else { return nil }
        let age = Int64(octets.uint32(at: offset + 8)) * 1_000_000
        facts = CacheEntryFacts(
            key: AnswerKey.Parameters(
                type: RRType(rawValue: octets.uint16(at: offset + 20)),
                bits: AnswerKey.Bits(rawValue: octets[offset + 22]),
                partition: octets.uint64(at: offset)),
            storedAt: madeAt - age, lifetime: octets.uint32(at: offset + 12),
            useCount: octets[offset + 16])
        nameLength = Int(octets[offset + 23])
        imageLength = Int(octets.uint32(at: offset + 16) & 0xff_ffff)
    }
}

extension CacheEntryFacts {
    fileprivate func isWorthKeeping(at now: Int64, _ staleLimit: UInt32) -> Bool {
        (now - storedAt) / 1_000_000_000 < Int64(lifetime) + Int64(staleLimit)
    }
}

extension MutableSpan where Element == UInt8 {
    /// Stores an entry at `end`, and moves that on. There is room for it.
    @_lifetime(self: copy self)
    fileprivate mutating func store(
        _ facts: CacheEntryFacts, _ name: Span<UInt8>, _ image: Span<UInt8>, now: Int64,
        at end: inout Int
    ) {
        store(facts.key.partition, at: end)
        store(UInt32(clamping: (now - facts.storedAt) / 1_000_000), at: end + 8)
        store(facts.lifetime, at: end + 12)
        store(UInt32(facts.useCount) << 24 | UInt32(image.count), at: end + 16)
        store(facts.key.type.rawValue, at: end + 20)
        self[end + 22] = facts.key.bits.rawValue
        self[end + 23] = UInt8(name.count)
        end += CacheSnapshot.entryHeaderLength
        storePadded(name, at: &end)
        storePadded(image, at: &end)
    }

    @_lifetime(self: copy self)
    private mutating func storePadded(_ octets: Span<UInt8>, at end: inout Int) {
        copy(octets, at: end)
        let padded = end + LookupName.paddedLength(octets.count)
        for index in end + octets.count..<padded { self[index] = 0 }
        end = padded
    }
}
