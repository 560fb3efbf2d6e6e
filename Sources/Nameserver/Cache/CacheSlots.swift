/// The index of a shard: from an entry's hash to its place. Linear probing without tombstones.
///
/// A slot holds the hash's upper half and the entry's place in words, plus one; 0 is an empty slot.
///
/// Unsafe because it is read for every query. Sound because indices stay below `capacity`, which the
/// memory has room for.
@safe struct CacheSlots {
    private let slots: UnsafeMutablePointer<UInt64>
    let capacity: Int
    private(set) var count = 0

    init(_ slots: UnsafeMutablePointer<UInt64>, capacity: Int) {
        unsafe self.slots = unsafe slots
        self.capacity = capacity
        unsafe slots.initialize(repeating: 0, count: capacity)
    }

    /// Whether as many are taken as leave probing short.
    var isFull: Bool { count >= capacity &- capacity / 8 }

    /// The first slot that an entry of this hash may be in.
    func home(_ hash: UInt64) -> Int { Int(((hash >> 32) &* UInt64(capacity)) >> 32) }

    func next(_ slot: Int) -> Int { slot &+ 1 == capacity ? 0 : slot &+ 1 }

    func isEmpty(_ slot: Int) -> Bool { unsafe slots[slot] == 0 }

    /// Whether the slot's entry has a hash with this upper half.
    func matches(_ slot: Int, _ hash: UInt64) -> Bool { unsafe slots[slot] >> 32 == hash >> 32 }

    /// The place of the slot's entry, in octets.
    func place(_ slot: Int) -> Int { unsafe Int((slots[slot] & 0xffff_ffff) &- 1) &* 8 }

    /// The slot of the entry at `place`; nil when no slot leads there any more.
    func slot(of place: Int, _ hash: UInt64) -> Int? {
        let wanted = Self.word(hash, place)
        var slot = home(hash)
        while unsafe slots[slot] != 0 {
            if unsafe slots[slot] == wanted { return slot }
            slot = next(slot)
        }
        return nil
    }

    mutating func insert(_ hash: UInt64, place: Int) {
        var slot = home(hash)
        while unsafe slots[slot] != 0 { slot = next(slot) }
        unsafe slots[slot] = Self.word(hash, place)
        count &+= 1
    }

    /// Notes that the slot's entry has moved.
    mutating func move(_ slot: Int, _ hash: UInt64, to place: Int) {
        unsafe slots[slot] = Self.word(hash, place)
    }

    /// Empties a slot, and moves back those behind it that it had displaced.
    mutating func remove(_ slot: Int) {
        var hole = slot
        var index = next(slot)
        while unsafe slots[index] != 0 {
            let home = unsafe home(slots[index])
            // Moves when its home is not between the hole and itself.
            if distance(from: home, to: index) >= distance(from: hole, to: index) {
                unsafe slots[hole] = slots[index]
                hole = index
            }
            index = next(index)
        }
        unsafe slots[hole] = 0
        count &-= 1
    }

    private func distance(from start: Int, to end: Int) -> Int {
        end >= start ? end &- start : end &- start &+ capacity
    }

    private static func word(_ hash: UInt64, _ place: Int) -> UInt64 {
        (hash & 0xffff_ffff_0000_0000) | UInt64(place / 8 &+ 1)
    }
}
