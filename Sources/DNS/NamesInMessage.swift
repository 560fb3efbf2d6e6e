/// Names in a message where they stand, compressed or not. They were read before and found to be well
/// formed (`MessageReader.checkName`), so following their pointers ends.
extension Span where Element == UInt8 {
    /// Where the compression pointer at `offset` points to (RFC 1035 §4.1.4).
    @inline(__always)
    func pointer(at offset: Int) -> Int { Int(uint16(at: offset) & 0x3fff) }

    /// Where the label at `offset` stands, or the root's zero: there, or where a pointer there leads.
    @inline(__always)
    public func labelOffset(at offset: Int) -> Int {
        var offset = offset
        while self[offset] >= 0xc0 { offset = pointer(at: offset) }
        return offset
    }

    /// Whether the names at two places are equal (RFC 4343).
    public func hasEqualNames(at offset: Int, _ other: Int) -> Bool {
        var (left, right) = (labelOffset(at: offset), labelOffset(at: other))
        while left != right {
            let length = self[left]
            guard length == self[right] else { return false }
            if length == 0 { return true }
            for index in 1...Int(length)
            where lowercased(self[left &+ index]) != lowercased(self[right &+ index]) {
                return false
            }
            left = labelOffset(at: left &+ 1 &+ Int(length))
            right = labelOffset(at: right &+ 1 &+ Int(length))
        }
        return true
    }

    /// Whether the name at `offset` is the one at `ancestor` or lies below it.
    public func hasName(at offset: Int, atOrBelow ancestor: Int) -> Bool {
        var offset = labelOffset(at: offset)
        var surplus = labelCount(at: offset) &- labelCount(at: ancestor)
        guard surplus >= 0 else { return false }
        while surplus > 0 {
            offset = labelOffset(at: offset &+ 1 &+ Int(self[offset]))
            surplus &-= 1
        }
        return hasEqualNames(at: offset, ancestor)
    }

    private func labelCount(at offset: Int) -> Int {
        var offset = labelOffset(at: offset)
        var count = 0
        while self[offset] != 0 {
            offset = labelOffset(at: offset &+ 1 &+ Int(self[offset]))
            count &+= 1
        }
        return count
    }
}
