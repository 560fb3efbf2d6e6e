import TestSupport
import Testing

@testable import Nameserver

@Suite("The cache's index")
struct CacheIndexTests {
    @Test("Slots lead to what was inserted, whatever was removed in between")
    func slots() throws {
        let capacity = 300
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
        defer { unsafe memory.deallocate() }
        var slots = unsafe CacheSlots(memory, capacity: capacity)
        var random = SeededGenerator(seed: 3)
        var entries: [Int: UInt64] = [:]
        for round in 0..<5_000 {
            if slots.isFull || (!entries.isEmpty && random.next() % 3 == 0) {
                let (place, hash) = try #require(entries.min { $0.key < $1.key })
                entries[place] = nil
                let slot = try #require(slots.slot(of: place, hash))
                slots.remove(slot)
                #expect(slots.slot(of: place, hash) == nil)
            } else {
                // Some share their home, the last one among them.
                let hash = random.next() | (random.next() % 4 == 0 ? 0xffff_ffff_0000_0000 : 0)
                entries[round * 8] = hash
                slots.insert(hash, place: round * 8)
            }
            #expect(slots.count == entries.count)
            guard round % 500 == 0 else { continue }
            for (place, hash) in entries {
                let slot = try #require(slots.slot(of: place, hash))
                #expect(slots.place(slot) == place && slots.matches(slot, hash))
            }
        }
    }

    @Test("Hashes have their homes all over the index")
    func homes() {
        let capacity = 1000
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
        defer { unsafe memory.deallocate() }
        let slots = unsafe CacheSlots(memory, capacity: capacity)
        var random = SeededGenerator(seed: 4)
        let homes = Set((0..<10_000).map { _ in slots.home(random.next()) })
        #expect(homes.count > 990)
        #expect(homes.allSatisfy { (0..<capacity).contains($0) })
    }

    @Test("Of what was dropped, as many as there is room for are remembered, each once")
    func ghosts() {
        let bucketCount = 64
        let count = bucketCount * CacheGhosts.bucketSize
        let memory = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
        defer { unsafe memory.deallocate() }
        var ghosts = unsafe CacheGhosts(memory, bucketCount: bucketCount)
        var random = SeededGenerator(seed: 5)
        let hashes = (0..<10_000).map { _ in random.next() }
        for hash in hashes { ghosts.insert(hash) }
        let latest = hashes.suffix(count / 2)
        func found(_ hashes: some Sequence<UInt64>) -> Int {
            hashes.reduce(0) { $0 + (ghosts.remove($1) ? 1 : 0) }
        }
        #expect(found(latest) > latest.count * 8 / 10)
        #expect(found(latest) < latest.count / 50)
        #expect(found(hashes.prefix(5_000)) < 50)
    }
}
