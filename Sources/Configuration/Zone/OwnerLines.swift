import DNS

/// The owner names of a zone file so far and the line of each, to find a name that is there twice.
/// A million of them lie in four arrays, since a dictionary of names takes three times as much.
struct OwnerLines {
    // A name's octets in lower case, without those of the apex, one name behind the other.
    private var octets: [UInt8] = []
    private var ends: [UInt32] = []
    private var lines: [UInt32] = []
    /// Indices of `ends` plus 1, by hash with linear probing; 0 for an empty slot.
    private var slots = [UInt32](repeating: 0, count: 64)
    private let apexLength: Int

    init(apex: DomainName) {
        apexLength = apex.octets.count
    }

    /// The line on which `owner`, at or below the apex, was before; else puts it in.
    mutating func insert(_ owner: DomainName, line: Int) -> Int? {
        let name = owner.octets.dropLast(apexLength)
        // At most half of the slots are taken: probing stays short.
        if (ends.count + 1) * 2 > slots.count { grow() }
        var slot = Self.hash(name) & (slots.count - 1)
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if isEqual(name, index) { return Int(lines[index]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = UInt32(ends.count + 1)
        for octet in name { octets.append(lowercased(octet)) }
        // A file has at most 2^30 octets, and Punycode does not make four octets of each.
        ends.append(UInt32(octets.count))
        lines.append(UInt32(truncatingIfNeeded: line))
        return nil
    }

    private func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
    }

    private func isEqual(_ name: ArraySlice<UInt8>, _ index: Int) -> Bool {
        let range = range(index)
        guard range.count == name.count else { return false }
        // Numbered names differ at their ends, which is where the comparison begins.
        var offset = range.count
        while offset > 0 {
            offset -= 1
            guard octets[range.lowerBound + offset] == lowercased(name[name.startIndex + offset])
            else { return false }
        }
        return true
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in ends.indices {
            var slot = Self.hash(octets[range(index)]) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(index + 1)
        }
    }

    /// FNV-1a over the octets in lower case, mixed once more, as numbered names differ at their
    /// ends only. The file is the administrator's own, so nobody chooses names that collide.
    private static func hash(_ name: ArraySlice<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for octet in name { hash = (hash ^ UInt64(lowercased(octet))) &* 0x100_0000_01b3 }
        return Int((hash &* 0x9e37_79b9_7f4a_7c15) >> 32)
    }
}
