import DNS

/// One part of the cache: a ring of octets to which entries are appended, and an index of slots by
/// hash. When the ring is full the oldest entry goes, unless it was asked for since it was stored and
/// is still good; then it is appended anew once. The memory is bounded and never fragments.
///
/// Unsafe because entries are read and written in place by words. Sound because every offset comes
/// from a slot or the ring's tail, which only this type writes, and the cache's lock is held.
@safe struct CacheShard: ~Copyable {
    private let ring: UnsafeMutableRawPointer
    private let capacity: Int
    private let slots: UnsafeMutablePointer<UInt64>
    private let mask: Int
    // Where the next entry is written, and where the oldest starts. Entries lie one behind the other
    // from `tail` to `head`; when `isWrapped`, from `tail` to the ring's end or an entry of length 0,
    // and from 0 to `head`.
    private var head = 0
    private var tail = 0
    private var isWrapped = false
    private(set) var count = 0

    /// The start of an entry, 56 octets; then the name and the image, each padded to a word.
    private struct Header {
        var length: UInt32
        var imageLength: UInt32
        var hash: UInt64
        /// Monotonic nanoseconds.
        var storedAt: Int64
        var lifetime: UInt32
        var nameLength: UInt8
        var bits: UInt8
        var type: UInt16
        var partition: UInt64
        /// When it is worth to look for a newer one, once it is past its lifetime.
        var recheckAt: Int64
        /// 1 when asked for since it was stored; 2 when a refresh was asked for, too.
        var wasHit: UInt8
    }

    private static let headerLength = 56
    private static let wasHitOffset = 48
    private static let recheckOffset = 40
    /// How many good entries one insertion may append anew before it drops one after all.
    private static let maximumReinsertions = 4

    /// `octets` bounds ring and slots together.
    init(octets: Int) {
        // The smallest entries take about 128 octets: at half load there are two slots of eight for
        // each, so the slots take an eighth.
        var slotCount = 64
        while slotCount * 2 * 8 <= octets / 8 { slotCount *= 2 }
        mask = slotCount - 1
        capacity = max(4096, octets - slotCount * 8) & ~7
        unsafe slots = .allocate(capacity: slotCount)
        unsafe slots.initialize(repeating: 0, count: slotCount)
        unsafe ring = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        unsafe slots.deallocate()
        unsafe ring.deallocate()
    }

    /// Copies the image of a fresh entry to `scratch`; nil when there is none.
    mutating func copy(
        _ name: LookupName, _ key: AnswerKey.Parameters, hash: UInt64, now: Int64,
        to scratch: AnswerScratch
    ) -> CacheHit? {
        guard let slot = find(name, key, hash) else { return nil }
        let entry = unsafe ring + offset(at: slot)
        let header = unsafe entry.load(as: Header.self)
        let elapsed = max(0, now &- header.storedAt) / 1_000_000_000
        guard elapsed < Int64(header.lifetime) else { return nil }
        let isDue =
            header.wasHit == 1 && Int64(header.lifetime) - elapsed <= Int64(header.lifetime) / 10
        unsafe entry.storeBytes(
            of: isDue || header.wasHit == 2 ? 2 : 1, toByteOffset: Self.wasHitOffset,
            as: UInt8.self)
        unsafe copyImage(of: entry, header, to: scratch)
        return CacheHit(age: UInt32(elapsed), isDue: isDue)
    }

    /// Copies the image of an entry past its lifetime to `scratch`; nil when there is none.
    mutating func copyStale(
        _ name: LookupName, _ key: AnswerKey.Parameters, hash: UInt64, limit: UInt32, now: Int64,
        to scratch: AnswerScratch
    ) -> StaleHit? {
        guard let slot = find(name, key, hash) else { return nil }
        let entry = unsafe ring + offset(at: slot)
        let header = unsafe entry.load(as: Header.self)
        let elapsed = max(0, now &- header.storedAt) / 1_000_000_000
        let lifetime = Int64(header.lifetime)
        guard elapsed >= lifetime, elapsed < lifetime + Int64(limit) else { return nil }
        unsafe copyImage(of: entry, header, to: scratch)
        return StaleHit(isRecheckDue: now >= header.recheckAt)
    }

    mutating func postponeRecheck(
        _ name: LookupName, _ key: AnswerKey.Parameters, hash: UInt64, until time: Int64
    ) {
        guard let slot = find(name, key, hash) else { return }
        unsafe (ring + offset(at: slot)).storeBytes(
            of: time, toByteOffset: Self.recheckOffset, as: Int64.self)
    }

    private func copyImage(
        of entry: UnsafeMutableRawPointer, _ header: Header, to scratch: AnswerScratch
    ) {
        let image =
            unsafe entry + Self.headerLength + LookupName.paddedLength(Int(header.nameLength))
        unsafe scratch.set(image, count: Int(header.imageLength))
    }

    /// Stores an image in the place of any earlier one of the key.
    mutating func store(
        _ image: Span<UInt8>, lifetime: UInt32, _ name: LookupName,
        _ key: AnswerKey.Parameters, hash: UInt64, now: Int64
    ) {
        if let slot = find(name, key, hash) { removeSlot(slot) }
        let nameLength = LookupName.paddedLength(name.length)
        let length = Self.headerLength + nameLength + LookupName.paddedLength(image.count)
        // An entry larger than a quarter of the ring would push out too much else.
        guard length <= capacity / 4, makeRoom(length, now: now) else { return }
        let entry = unsafe ring + head
        unsafe entry.storeBytes(
            of: Header(
                length: UInt32(length), imageLength: UInt32(image.count), hash: hash, storedAt: now,
                lifetime: lifetime, nameLength: UInt8(name.length), bits: key.bits.rawValue,
                type: key.type.rawValue, partition: key.partition, recheckAt: 0, wasHit: 0),
            as: Header.self)
        unsafe name.copySuffix(from: 0, to: entry + Self.headerLength)
        unsafe image.withUnsafeBytes { octets in
            unsafe (entry + Self.headerLength + nameLength)
                .copyMemory(from: octets.baseAddress!, byteCount: octets.count)
        }
        insertSlot(hash, offset: head)
        head &+= length
    }

    // MARK: Ring

    /// Frees the oldest entries until `length` octets fit at `head`; false when that cannot be.
    private mutating func makeRoom(_ length: Int, now: Int64) -> Bool {
        var reinsertions = 0
        // Every round frees or moves an entry, or wraps, so there are fewer rounds than this.
        for _ in 0..<(2 * capacity / Self.headerLength) {
            if count >= (mask &+ 1) / 2 {
                evict(now: now, &reinsertions)
            } else if fits(length) {
                return true
            } else if isWrapped {
                evict(now: now, &reinsertions)
            } else {
                // The rest of the ring's end stays empty; entries go on at its start.
                if head < capacity { unsafe (ring + head).storeBytes(of: 0, as: UInt32.self) }
                head = 0
                isWrapped = true
            }
        }
        return false
    }

    /// Whether `length` octets are free at `head`.
    private func fits(_ length: Int) -> Bool {
        length <= (isWrapped ? tail : capacity) &- head
    }

    /// Takes the oldest entry out.
    private mutating func evict(now: Int64, _ reinsertions: inout Int) {
        guard isWrapped || tail < head else {
            head = 0
            tail = 0
            return
        }
        let length = tail < capacity ? unsafe Int((ring + tail).load(as: UInt32.self)) : 0
        guard length > 0 else {
            tail = 0
            isWrapped = false
            return
        }
        let entry = unsafe ring + tail
        let header = unsafe entry.load(as: Header.self)
        let old = tail
        tail &+= length
        guard let slot = slot(of: old, header.hash) else { return }
        let isGood = now &- header.storedAt < Int64(header.lifetime) * 1_000_000_000
        if header.wasHit == 1, isGood, reinsertions < Self.maximumReinsertions, fits(length) {
            reinsertions &+= 1
            // The two places may overlap; copyMemory allows that.
            unsafe (ring + head).copyMemory(from: entry, byteCount: length)
            unsafe (ring + head).storeBytes(of: 0, toByteOffset: Self.wasHitOffset, as: UInt8.self)
            unsafe slots[slot] = Self.slot(header.hash, head)
            head &+= length
        } else {
            removeSlot(slot)
        }
    }

    // MARK: Slots

    /// A slot holds the hash's upper half and the entry's place in words, plus one.
    private static func slot(_ hash: UInt64, _ offset: Int) -> UInt64 {
        (hash & 0xffff_ffff_0000_0000) | UInt64(offset / 8 + 1)
    }

    private func offset(at slot: Int) -> Int {
        unsafe Int((slots[slot] & 0xffff_ffff) &- 1) &* 8
    }

    /// A slot's first place is given by its tag, so that slots can be moved without their entries.
    private func home(_ slot: UInt64) -> Int { Int(slot >> 32) & mask }

    private func find(
        _ name: LookupName, _ key: AnswerKey.Parameters, _ hash: UInt64
    ) -> Int? {
        var index = home(hash)
        while true {
            let slot = unsafe slots[index]
            guard slot != 0 else { return nil }
            if slot >> 32 == hash >> 32 {
                let entry = unsafe ring + offset(at: index)
                let header = unsafe entry.load(as: Header.self)
                if header.hash == hash, header.type == key.type.rawValue,
                    header.bits == key.bits.rawValue, header.partition == key.partition,
                    unsafe name.equals(
                        entry + Self.headerLength, length: Int(header.nameLength), from: 0)
                {
                    return index
                }
            }
            index = (index &+ 1) & mask
        }
    }

    private func slot(of offset: Int, _ hash: UInt64) -> Int? {
        let wanted = Self.slot(hash, offset)
        var index = home(wanted)
        while unsafe slots[index] != 0 {
            if unsafe slots[index] == wanted { return index }
            index = (index &+ 1) & mask
        }
        return nil
    }

    private mutating func insertSlot(_ hash: UInt64, offset: Int) {
        let slot = Self.slot(hash, offset)
        var index = home(slot)
        while unsafe slots[index] != 0 { index = (index &+ 1) & mask }
        unsafe slots[index] = slot
        count &+= 1
    }

    /// Empties a slot and moves back those behind it that were displaced (linear probing without
    /// tombstones).
    private mutating func removeSlot(_ slot: Int) {
        var hole = slot
        var index = (slot &+ 1) & mask
        while unsafe slots[index] != 0 {
            let home = unsafe home(slots[index])
            // Moves when its home is not between the hole and itself.
            if (index &- home) & mask >= (index &- hole) & mask {
                unsafe slots[hole] = slots[index]
                hole = index
            }
            index = (index &+ 1) & mask
        }
        unsafe slots[hole] = 0
        count &-= 1
    }
}

/// The place to which a worker's cache hits are copied, so that a shard's lock is held only while
/// copying. One is kept by each worker.
@safe final class AnswerScratch {
    /// The largest image: a message of 65,535 octets and the places of its TTLs.
    static let capacity = 131_072

    private let storage: UnsafeMutableRawPointer
    private var count = 0

    init() {
        unsafe storage = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit { unsafe storage.deallocate() }

    fileprivate func set(_ source: UnsafeRawPointer, count: Int) {
        precondition(count <= Self.capacity)
        unsafe storage.copyMemory(from: source, byteCount: count)
        self.count = count
    }

    func set(_ image: Span<UInt8>) {
        unsafe image.withUnsafeBytes { octets in
            guard let base = octets.baseAddress else { return }
            unsafe set(base, count: octets.count)
        }
    }

    /// The flags of the image that was copied last.
    var flags: UInt16 { AnswerImageView(image).flags }

    /// Whether the image that was copied last says what there is or is not, rather than that something
    /// failed.
    var isData: Bool {
        let rcode = RCode(rawValue: flags & Header.Flag.rcodeMask)
        return rcode == .noError || rcode == .nameError
    }

    /// What was copied last, in memory of its own.
    var copied: [UInt8] {
        let scratch = self
        let image = scratch.image
        return image.array(0..<image.count)
    }

    /// What was copied last.
    var image: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Sound: the octets were initialised by `set` and live as long as the scratch.
            let span = unsafe Span<UInt8>(
                _unsafeStart: storage.assumingMemoryBound(to: UInt8.self), count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
