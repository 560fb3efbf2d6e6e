import Testing

@testable import Transport

@Suite("Slots and activity")
struct SlotTableTests {
    private func add<Element>(
        _ element: Element, to table: SlotTable<Element>
    ) throws -> SlotKey {
        let reserved = table.reserve()
        let key = try #require(reserved)
        table.insert(element, at: key)
        return key
    }

    @Test("A key names nothing after its element is removed, also when the slot is used again")
    func invalidatesKeys() throws {
        let table = SlotTable<String>(maximum: 2)
        let first = try add("first", to: table)
        #expect(table[first] == "first")
        let removed = table.remove(first)
        #expect(removed == "first")
        let second = try add("second", to: table)
        #expect(second.slot == first.slot)
        #expect(table[first] == nil)
        let removedAgain = table.remove(first)
        #expect(removedAgain == nil)
        #expect(table[second] == "second")
    }

    @Test("A full table gives no key until something is removed")
    func isBounded() throws {
        let table = SlotTable<Int>(maximum: 2)
        let first = try add(0, to: table)
        _ = try add(1, to: table)
        #expect(table.isFull)
        let refused = table.reserve()
        #expect(refused == nil)
        table.remove(first)
        let next = table.reserve()
        #expect(next == SlotKey(slot: first.slot, generation: 1))
        #expect(table.elements == [1])
    }

    @Test("A poll token keeps target, slot and generation")
    func packsTokens() {
        let key = SlotKey(slot: 0xabcdef, generation: 0xffff_fffe)
        let token = PollToken(.upstreamConnection, key)
        #expect(token.target == .upstreamConnection)
        #expect(token.key == key)
    }

    @Test("The idlest slot is the one touched longest ago")
    func findsTheIdlest() {
        var list = ActivityList()
        #expect(list.idlest == nil)
        for slot in UInt32(0)..<4 { list.insert(slot) }
        #expect(list.idlest == 0)
        list.touch(0)
        #expect(list.idlest == 1)
        list.remove(1)
        list.remove(3)
        #expect(list.idlest == 2)
        list.touch(2)
        #expect(list.idlest == 0)
        list.remove(0)
        list.remove(2)
        #expect(list.idlest == nil)
        list.insert(3)
        #expect(list.idlest == 3)
    }

    @Test("A retired slot is the idlest, and the others keep their order")
    func retires() {
        var list = ActivityList()
        for slot in UInt32(0)..<4 { list.insert(slot) }
        for slot: UInt32 in [2, 3, 3] { list.retire(slot) }
        var order: [UInt32] = []
        var next = list.idlest
        while let slot = next {
            order.append(slot)
            next = list.next(after: slot)
        }
        #expect(order == [3, 2, 0, 1])
        list.touch(3)
        #expect(list.idlest == 2)
        list.insert(4)
        #expect(list.next(after: 3) == 4)
    }
}
