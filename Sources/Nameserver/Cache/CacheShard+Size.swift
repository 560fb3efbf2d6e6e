/// A part of the cache that becomes smaller or larger while it serves.
///
/// Unsafe because entries are copied from one region to another. Sound because every place comes from a
/// ring of the region that it is read from, or was made for the entry's length in the other one.
extension CacheShard {
    /// Goes on in a region of `octets` with what it holds, as far as there is room: what was asked for
    /// least goes first, and of that the oldest. For a moment there are both regions.
    mutating func resize(octets: Int) {
        var other = CacheShard(octets: octets)
        other.take(from: self)
        self = other
    }

    private mutating func take(from old: borrowing CacheShard) {
        statistics.insertions = old.statistics.insertions
        statistics.evictions = old.statistics.evictions
        // In room for all of it in the main ring nothing pushes out anything.
        let isSmaller = main.bounds.count < old.main.bounds.count
        var leftOut =
            isSmaller ? old.octetsToLeaveOut(inRoomOf: main.bounds.count) : [0, 0, 0, 0]
        for (ring, isInMain) in [(old.main, true), (old.small, false)] {
            var ring = ring
            while let place = ring.takeOldest() {
                let header = old.header(at: place)
                guard old.slots.slot(of: place, header.hash) != nil else { continue }
                let count = Int(header.usage.count)
                let length = Int(header.length)
                if leftOut[count] <= 0, let target = makePlace(length, inMain: isInMain) {
                    unsafe (memory + target).copyMemory(
                        from: old.memory + place, byteCount: length)
                    insert(header, at: target)
                } else {
                    leftOut[count] -= length
                    statistics.evictions &+= 1
                }
            }
        }
    }

    /// How many octets of entries have to go, for each number of times that one was asked for.
    private borrowing func octetsToLeaveOut(inRoomOf room: Int) -> [Int] {
        var octets = [0, 0, 0, 0]
        for var ring in [main, small] {
            while let place = ring.takeOldest() {
                let header = header(at: place)
                guard slots.slot(of: place, header.hash) != nil else { continue }
                octets[Int(header.usage.count)] += Int(header.length)
            }
        }
        var excess = max(0, statistics.octets - room)
        for count in octets.indices {
            octets[count] = min(excess, octets[count])
            excess -= octets[count]
        }
        return octets
    }
}
