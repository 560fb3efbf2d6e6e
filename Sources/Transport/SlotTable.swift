/// Names one element of a `SlotTable` for as long as it is in the table.
struct SlotKey: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}

/// A bounded table whose keys stay invalid after removal: a slot's generation changes with each
/// use, so an event or a reply for something closed does not reach its successor. An object, so that
/// its owner's accesses to it need no run-time checks.
final class SlotTable<Element> {
    private struct Slot {
        var generation: UInt32 = 0
        var element: Element?
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []
    /// How many elements the table takes; at most `maximumSlots`.
    let maximum: Int
    private(set) var count = 0

    /// What a slot number may be at most, so that it fits a poll token's 24 bits.
    static var maximumSlots: Int { 1 << 24 }

    init(maximum: Int) {
        self.maximum = min(maximum, Self.maximumSlots)
    }

    var isFull: Bool { count >= maximum }

    // The arrays leave their owner while they are changed: so no access to them has to be checked at run
    // time.

    /// The key that the next `insert` will give; nil when the table is full.
    func reserve() -> SlotKey? {
        guard !isFull else { return nil }
        if free.isEmpty {
            free = [UInt32(slots.count)]
            var slots: [Slot] = []
            swap(&slots, &self.slots)
            slots.append(Slot())
            self.slots = slots
        }
        guard let slot = free.last else { return nil }
        return SlotKey(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// Puts the element at a key just reserved.
    func insert(_ element: Element, at key: SlotKey) {
        precondition(free.last == key.slot)
        var free: [UInt32] = []
        swap(&free, &self.free)
        free.removeLast()
        self.free = free
        var slots: [Slot] = []
        swap(&slots, &self.slots)
        slots[Int(key.slot)].element = element
        self.slots = slots
        count &+= 1
    }

    subscript(key: SlotKey) -> Element? {
        let slot = Int(key.slot)
        guard slot < slots.count, slots[slot].generation == key.generation else { return nil }
        return slots[slot].element
    }

    /// What is in a slot now, whichever its generation.
    subscript(slot slot: UInt32) -> Element? {
        Int(slot) < slots.count ? slots[Int(slot)].element : nil
    }

    @discardableResult
    func remove(_ key: SlotKey) -> Element? {
        guard let element = self[key] else { return nil }
        var slots: [Slot] = []
        swap(&slots, &self.slots)
        slots[Int(key.slot)].element = nil
        slots[Int(key.slot)].generation &+= 1
        self.slots = slots
        var free: [UInt32] = []
        swap(&free, &self.free)
        free.append(key.slot)
        self.free = free
        count &-= 1
        return element
    }

    /// Every element, in slot order. A copy: the table may change while it is walked.
    var elements: [Element] { slots.compactMap(\.element) }
}
