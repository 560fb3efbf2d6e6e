/// Slots in the order of their last activity, for finding the idlest at once. Every operation takes
/// constant time; memory is two numbers a slot.
struct ActivityList {
    private static let none = UInt32.max
    private var newer: [UInt32] = []
    private var older: [UInt32] = []
    private var newest = none
    private var oldest = none

    /// The slot longest without activity; nil when the list is empty.
    var idlest: UInt32? { oldest == Self.none ? nil : oldest }

    /// The slot that comes after one in the list; nil at the newest.
    func next(after slot: UInt32) -> UInt32? {
        let next = newer[Int(slot)]
        return next == Self.none ? nil : next
    }

    /// Puts a slot that is not in the list at the newest end.
    mutating func insert(_ slot: UInt32) {
        while newer.count <= Int(slot) {
            newer.append(Self.none)
            older.append(Self.none)
        }
        newer[Int(slot)] = Self.none
        older[Int(slot)] = newest
        if newest == Self.none { oldest = slot } else { newer[Int(newest)] = slot }
        newest = slot
    }

    /// Takes out a slot that is in the list.
    mutating func remove(_ slot: UInt32) {
        let (after, before) = (newer[Int(slot)], older[Int(slot)])
        if after == Self.none { newest = before } else { older[Int(after)] = before }
        if before == Self.none { oldest = after } else { newer[Int(before)] = after }
    }

    /// Moves a slot that is in the list to the newest end.
    mutating func touch(_ slot: UInt32) {
        guard slot != newest else { return }
        remove(slot)
        insert(slot)
    }

    /// Moves a slot that is in the list to the idlest end.
    mutating func retire(_ slot: UInt32) {
        guard slot != oldest else { return }
        remove(slot)
        older[Int(slot)] = Self.none
        newer[Int(slot)] = oldest
        older[Int(oldest)] = slot
        oldest = slot
    }
}
