import DNS

/// Names to numbers, immutable: slots of (hash tag, entry) with linear probing, and the entries'
/// names one behind the other. A look-up touches one slot and one entry and allocates nothing.
///
/// Unsafe because it is the inner loop of every query: the memory is allocated once in `init`, never
/// written afterwards and freed in `deinit`; indices come only from the slots, masked, and from the
/// entries that the builder laid out.
@safe final class NameTable: @unchecked Sendable {
    // @unchecked: the pointers are to memory that nobody writes after init.
    private let slots: UnsafeMutablePointer<UInt64>
    private let words: UnsafeMutablePointer<UInt64>
    private let mask: Int
    private let seed: UInt64
    let count: Int

    fileprivate init(_ builder: NameTableBuilder) {
        unsafe slots = .allocate(capacity: builder.slots.count)
        unsafe slots.initialize(from: builder.slots, count: builder.slots.count)
        unsafe words = .allocate(capacity: builder.words.count)
        unsafe words.initialize(from: builder.words, count: builder.words.count)
        mask = builder.slots.count &- 1
        seed = builder.seed
        count = builder.count
    }

    deinit {
        unsafe slots.deallocate()
        unsafe words.deallocate()
    }

    /// The number of the suffix of `name` that starts at `label`; nil when it is not in the table.
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
}

/// Collects names and their numbers for a `NameTable`.
struct NameTableBuilder {
    // An entry is a word (length << 32 | value) and the name's words. Entry 0 does not exist, so a
    // slot of 0 is empty.
    fileprivate var words: [UInt64] = [0]
    fileprivate var slots = [UInt64](repeating: 0, count: 16)
    fileprivate let seed: UInt64
    private(set) var count = 0

    private static let upperHalf: UInt64 = 0xffff_ffff_0000_0000

    init(seed: UInt64) {
        self.seed = seed
    }

    /// The number of the suffix of `name` at `label` if it is there already; else puts `value` in
    /// and returns nil.
    mutating func insert(
        _ name: LookupName, from label: Int = 0, value: UInt32
    ) -> UInt32? {
        // At most half of the slots are taken: probing stays short.
        if (count &+ 1) &* 2 > slots.count { grow() }
        let hash = name.hash(from: label, seed: seed)
        var index = Int(truncatingIfNeeded: hash) & (slots.count &- 1)
        while slots[index] != 0 {
            let entry = Int(slots[index] & 0xffff_ffff)
            if slots[index] >> 32 == hash >> 32, matches(entry, name, label) {
                return UInt32(truncatingIfNeeded: words[entry])
            }
            index = (index &+ 1) & (slots.count &- 1)
        }
        let length = name.length &- name.offset(of: label)
        slots[index] = (hash & Self.upperHalf) | UInt64(words.count)
        words.append((UInt64(length) << 32) | UInt64(value))
        let start = words.count
        words.append(contentsOf: repeatElement(0, count: LookupName.paddedLength(length) / 8))
        unsafe words.withUnsafeMutableBytes { bytes in
            _ = unsafe name.copySuffix(from: label, to: bytes.baseAddress! + start &* 8)
        }
        count &+= 1
        return nil
    }

    /// Puts `change(value)` in the place of every value.
    mutating func mapValues(_ change: (UInt32) -> UInt32) {
        var entry = 1
        while entry < words.count {
            let value = change(UInt32(truncatingIfNeeded: words[entry]))
            words[entry] = (words[entry] & Self.upperHalf) | UInt64(value)
            entry = next(entry)
        }
    }

    consuming func build() -> NameTable { NameTable(self) }

    private func next(_ entry: Int) -> Int {
        entry &+ 1 &+ LookupName.paddedLength(Int(words[entry] >> 32)) / 8
    }

    private func matches(_ entry: Int, _ name: LookupName, _ label: Int) -> Bool {
        unsafe words.withUnsafeBytes { bytes in
            unsafe name.equals(
                bytes.baseAddress! + (entry &+ 1) &* 8, length: Int(words[entry] >> 32),
                from: label)
        }
    }

    private mutating func grow() {
        var larger = [UInt64](repeating: 0, count: slots.count &* 2)
        let mask = larger.count &- 1
        var entry = 1
        while entry < words.count {
            let hash = unsafe words.withUnsafeBytes { bytes in
                unsafe LookupName.hash(
                    bytes.baseAddress! + (entry &+ 1) &* 8, length: Int(words[entry] >> 32),
                    seed: seed)
            }
            var index = Int(truncatingIfNeeded: hash) & mask
            while larger[index] != 0 { index = (index &+ 1) & mask }
            larger[index] = (hash & Self.upperHalf) | UInt64(entry)
            entry = next(entry)
        }
        slots = larger
    }
}
