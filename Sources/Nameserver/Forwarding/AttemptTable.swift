/// A worker's attempts under way, by the number of their exchange, which tells the slot: the low bits
/// are its index, and the rest is drawn, so that a number is another one's never.
///
/// The arrays leave their owner while they are changed: so no access to them has to be checked at run
/// time to exclude the others.
final class AttemptTable {
    private var slots: [Attempt?] = []
    private var free: [Int] = []

    /// A million attempts at a time, far more than the transport carries; a drawn number then takes
    /// years to come round.
    private static let slotBits: UInt64 = 20
    /// The slot of exchanges that are no attempt's.
    private static let noSlot: UInt64 = 1 << slotBits - 1

    /// The number of an exchange that is not in the table, of a drawn number.
    static func exchange(outside drawn: UInt64) -> UInt64 { drawn << slotBits | noSlot }

    /// The number of the exchange of the attempt that is inserted next, of a drawn number.
    func nextExchange(_ drawn: UInt64) -> UInt64 {
        drawn << Self.slotBits | UInt64(free.last ?? slots.count)
    }

    /// Inserts an attempt whose exchange was told by `nextExchange`.
    func insert(_ attempt: Attempt) {
        var slots: [Attempt?] = []
        swap(&slots, &self.slots)
        let slot = Int(attempt.exchange & Self.noSlot)
        if slot < slots.count {
            slots[slot] = attempt
            var free: [Int] = []
            swap(&free, &self.free)
            free.removeLast()
            self.free = free
        } else {
            slots.append(attempt)
        }
        self.slots = slots
    }

    private func slot(_ exchange: UInt64) -> Int? {
        let slot = Int(exchange & Self.noSlot)
        return slot < slots.count && slots[slot]?.exchange == exchange ? slot : nil
    }

    subscript(exchange: UInt64) -> Attempt? { slot(exchange).flatMap { slots[$0] } }

    func remove(_ exchange: UInt64) {
        guard let slot = slot(exchange) else { return }
        var slots: [Attempt?] = []
        swap(&slots, &self.slots)
        slots[slot] = nil
        self.slots = slots
        var free: [Int] = []
        swap(&free, &self.free)
        free.append(slot)
        self.free = free
    }

    var all: [Attempt] { slots.compactMap(\.self) }
}
