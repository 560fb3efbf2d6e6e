import DNS

/// Names to numbers, immutable: slots of (hash tag, entry) with linear probing, and the entries'
/// names one behind the other. A look-up touches one slot and one entry and allocates nothing.
///
/// Unsafe because it is the inner loop of every query: the memory is taken over in `init`, never
/// written afterwards and freed in `deinit`; indices come only from the slots, masked, and from the
/// entries that the builder laid out.
@safe final class NameTable: @unchecked Sendable {
    // @unchecked: the pointers are to memory that nobody writes after init.
    private let slots: UnsafeMutablePointer<UInt64>
    private let words: UnsafeMutablePointer<UInt64>
    private let mask: Int
    private let seed: UInt64
    /// How many words the entries take, in chunks as they were built in.
    private let wordCount: Int
    let count: Int

    /// Takes over the memory at `slots`, of which there are a power of two, and at `words`.
    fileprivate init(
        slots: UnsafeMutablePointer<UInt64>, slotCount: Int, words: UnsafeMutablePointer<UInt64>,
        wordCount: Int, seed: UInt64, count: Int
    ) {
        unsafe self.slots = slots
        unsafe self.words = words
        self.wordCount = wordCount
        mask = slotCount &- 1
        self.seed = seed
        self.count = count
    }

    deinit {
        unsafe slots.deallocate()
        unsafe words.deallocate()
    }

    /// The number of the suffix of `name` that starts at `label`; nil when it is not in the table.
    @inline(__always)
    func value(of name: LookupName, from label: Int = 0) -> UInt32? {
        let hash = name.hash(from: label, seed: seed)
        let tag = hash >> 32
        var index = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = unsafe slots[index]
            guard slot != 0 else { return nil }
            if slot >> 32 == tag {
                let entry = unsafe words + Int(slot & 0xffff_ffff)
                let head = unsafe entry[0]
                if unsafe name.equals(entry + 1, length: Int(head >> 32), from: label) {
                    return UInt32(truncatingIfNeeded: head)
                }
            }
            index = (index &+ 1) & mask
        }
    }

    /// The place of the first entry, for `next`.
    static let firstPlace = 1

    /// The entry at `place`, which becomes that of the next one; nil after the last. Entries are in the
    /// order in which they were put in.
    func next(_ place: inout Int) -> (name: DomainName, value: UInt32)? {
        while place < wordCount {
            let entry = unsafe words + place
            let head = unsafe entry[0]
            guard head != 0 else {
                place = NameTableBuilder.nextChunk(after: place)
                continue
            }
            let length = Int(head >> 32)
            place &+= 1 &+ LookupName.paddedLength(length) / 8
            let octets = unsafe [UInt8](UnsafeRawBufferPointer(start: entry + 1, count: length))
            return (DomainName(uncheckedOctets: octets), UInt32(truncatingIfNeeded: head))
        }
        return nil
    }
}

/// Collects names and their numbers for a `NameTable`.
///
/// A million names take 30 MB and more, so they never lie there twice: the entries grow by chunks
/// instead of moving to a larger place, and the table takes the slots over as they are.
///
/// Unsafe as the table is. What it allocates belongs to it alone until `build` hands it on.
@safe struct NameTableBuilder: ~Copyable {
    // An entry is a word (length << 32 | value) and the name's words. Entry 0 does not exist, so a
    // slot of 0 is empty. No entry lies in two chunks: what is left of a full one is zero.
    private var chunks: [UnsafeMutablePointer<UInt64>] = unsafe []
    /// Where the next entry goes, in words.
    private var end = 1
    private var slots: UnsafeMutablePointer<UInt64>?
    private var slotCount = 16
    private let seed: UInt64
    private(set) var count = 0

    private static let upperHalf: UInt64 = 0xffff_ffff_0000_0000
    /// Chunks of 2^16 words: half a megabyte, which the system gives and takes back as a whole, and
    /// of which a longest name wastes less than a thousandth.
    private static let chunkShift = 16
    private static let chunkMask = (1 << chunkShift) &- 1

    init(seed: UInt64) {
        self.seed = seed
        unsafe slots = Self.allocate(slotCount)
    }

    deinit {
        unsafe slots?.deallocate()
        for index in unsafe chunks.indices { unsafe chunks[index].deallocate() }
    }

    /// The number of the suffix of `name` at `label` if it is there already; else puts `value` in
    /// and returns nil.
    mutating func insert(
        _ name: LookupName, from label: Int = 0, value: UInt32
    ) -> UInt32? {
        // At most half of the slots are taken: probing stays short.
        if (count &+ 1) &* 2 > slotCount { grow() }
        guard let slots = unsafe slots else { return nil }
        let hash = name.hash(from: label, seed: seed)
        let length = name.length &- name.offset(of: label)
        var index = Int(truncatingIfNeeded: hash) & (slotCount &- 1)
        while unsafe slots[index] != 0 {
            if unsafe slots[index] >> 32 == hash >> 32 {
                let entry = unsafe entry(at: Int(slots[index] & 0xffff_ffff))
                let head = unsafe entry[0]
                if unsafe name.equals(entry + 1, length: Int(head >> 32), from: label) {
                    return UInt32(truncatingIfNeeded: head)
                }
            }
            index = (index &+ 1) & (slotCount &- 1)
        }
        let place = makeRoom(1 &+ LookupName.paddedLength(length) / 8)
        unsafe slots[index] = (hash & Self.upperHalf) | UInt64(place)
        let entry = unsafe entry(at: place)
        unsafe entry[0] = (UInt64(length) << 32) | UInt64(value)
        unsafe name.copySuffix(from: label, to: entry + 1)
        count &+= 1
        return nil
    }

    /// Puts `change(value)` in the place of every value.
    mutating func mapValues(_ change: (UInt32) -> UInt32) {
        unsafe forEachEntry { _, entry in
            let value = unsafe change(UInt32(truncatingIfNeeded: entry[0]))
            unsafe entry[0] = (entry[0] & Self.upperHalf) | UInt64(value)
        }
    }

    /// The table of all that was put in. Each chunk is freed when it is copied.
    consuming func build() -> NameTable {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: end)
        var place = 0
        for index in unsafe chunks.indices {
            let chunk = unsafe chunks[index]
            let length = min(end &- place, 1 << Self.chunkShift)
            unsafe (words + place).initialize(from: chunk, count: length)
            unsafe chunk.deallocate()
            place &+= length
        }
        unsafe chunks = []
        let slots = unsafe slots ?? Self.allocate(slotCount)
        unsafe self.slots = nil
        return unsafe NameTable(
            slots: slots, slotCount: slotCount, words: words, wordCount: end, seed: seed,
            count: count)
    }

    /// The place of an entry of `length` words.
    private mutating func makeRoom(_ length: Int) -> Int {
        if (end & Self.chunkMask) &+ length > 1 << Self.chunkShift {
            let next = (end | Self.chunkMask) &+ 1
            unsafe entry(at: end).initialize(repeating: 0, count: next &- end)
            end = next
        }
        if unsafe end >> Self.chunkShift == chunks.count {
            // Not set to zero: a server has some fifty small tables, and what of a chunk nobody writes
            // takes no memory and no time.
            unsafe chunks.append(.allocate(capacity: 1 << Self.chunkShift))
            if end == 1 { unsafe chunks[0].initialize(to: 0) }
        }
        defer { end &+= length }
        return end
    }

    private func entry(at place: Int) -> UnsafeMutablePointer<UInt64> {
        unsafe chunks[place >> Self.chunkShift] + (place & Self.chunkMask)
    }

    private func forEachEntry(_ body: (Int, UnsafeMutablePointer<UInt64>) -> Void) {
        var place = 1
        while place < end {
            let entry = unsafe entry(at: place)
            let head = unsafe entry[0]
            guard head != 0 else {
                place = Self.nextChunk(after: place)
                continue
            }
            unsafe body(place, entry)
            place &+= 1 &+ LookupName.paddedLength(Int(head >> 32)) / 8
        }
    }

    /// Where entries go on after an empty one: no name is shorter than an octet, so that is the rest of
    /// a full chunk.
    fileprivate static func nextChunk(after place: Int) -> Int { (place | chunkMask) &+ 1 }

    private mutating func grow() {
        let larger = unsafe Self.allocate(slotCount &* 2)
        let mask = slotCount &* 2 &- 1
        unsafe forEachEntry { place, entry in
            let hash = unsafe LookupName.hash(
                entry + 1, length: Int(entry[0] >> 32), seed: seed)
            var index = Int(truncatingIfNeeded: hash) & mask
            while unsafe larger[index] != 0 { index = (index &+ 1) & mask }
            unsafe larger[index] = (hash & Self.upperHalf) | UInt64(place)
        }
        unsafe slots?.deallocate()
        unsafe slots = larger
        slotCount = mask &+ 1
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        unsafe memory.initialize(repeating: 0, count: count)
        return unsafe memory
    }
}
