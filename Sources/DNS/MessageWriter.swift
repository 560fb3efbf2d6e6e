/// Writes a message into a span, compressing names (RFC 1035 §4.1.4). What does not fit sets
/// `hasOverflowed` and writes nothing more; the caller returns to a mark, so that only whole RRsets
/// are sent (RFC 2181 §9).
public struct MessageWriter: ~Copyable, ~Escapable {
    private var octets: MutableSpan<UInt8>
    /// How many octets are written.
    public private(set) var count = 0
    /// The message may not grow past this many octets.
    public var limit: Int
    public private(set) var hasOverflowed = false
    // Where names written so far start, for compression. 64 suffixes are more than an answer
    // needs; further ones are written in full.
    private var suffixes = SIMD64<UInt16>()
    private var suffixCount = 0

    /// A state to return to.
    public struct Mark: Sendable {
        fileprivate let count: Int
        fileprivate let suffixCount: Int
    }

    @_lifetime(copy octets)
    public init(_ octets: consuming MutableSpan<UInt8>, limit: Int) {
        self.limit = min(limit, octets.count)
        self.octets = octets
    }

    public var mark: Mark { Mark(count: count, suffixCount: suffixCount) }

    /// Forgets all that was written since `mark`, and the overflow.
    @_lifetime(self: copy self)
    public mutating func rewind(to mark: Mark) {
        count = mark.count
        suffixCount = mark.suffixCount
        hasOverflowed = false
    }

    @_lifetime(self: copy self)
    public mutating func write(_ value: UInt8) {
        guard reserve(1) else { return }
        octets[count &- 1] = value
    }

    @_lifetime(self: copy self)
    public mutating func write(_ value: UInt16) {
        guard reserve(2) else { return }
        octets.store(value, at: count &- 2)
    }

    @_lifetime(self: copy self)
    public mutating func write(_ value: UInt32) {
        guard reserve(4) else { return }
        octets.store(value, at: count &- 4)
    }

    @_lifetime(self: copy self)
    public mutating func write(_ source: Span<UInt8>) {
        guard reserve(source.count) else { return }
        octets.copy(source, at: count &- source.count)
    }

    /// Overwrites what stands at `offset`, which has been written before.
    @_lifetime(self: copy self)
    public mutating func patch(_ value: UInt16, at offset: Int) {
        octets.store(value, at: offset)
    }

    /// What is written so far.
    public var written: Span<UInt8> {
        @_lifetime(borrow self)
        get { octets.span.extracting(..<count) }
    }

    @_lifetime(self: copy self)
    public mutating func write(_ header: Header) {
        guard reserve(Header.length) else { return }
        let start = count &- Header.length
        octets.store(header.id, at: start)
        octets.store(header.flags, at: start &+ 2)
        octets.store(header.questionCount, at: start &+ 4)
        octets.store(header.answerCount, at: start &+ 6)
        octets.store(header.authorityCount, at: start &+ 8)
        octets.store(header.additionalCount, at: start &+ 10)
    }

    @_lifetime(self: copy self)
    public mutating func write(_ question: Question) {
        // Nothing stands before it that it could point to, so it is written in one piece; later names may
        // point to it.
        let start = count
        write(question.name.octets.span)
        if !hasOverflowed {
            var offset = start
            while octets[offset] != 0, offset < 0x4000, suffixCount < 64 {
                suffixes[suffixCount] = UInt16(offset)
                suffixCount &+= 1
                offset &+= 1 &+ Int(octets[offset])
            }
        }
        write(question.type.rawValue)
        write(question.rrClass)
    }

    /// Writes a name. What ends like a name written before becomes a pointer to it when
    /// `compress`; either way later names may point to this one.
    @_lifetime(self: copy self)
    public mutating func writeName(_ name: DomainName, compress: Bool = true) {
        writeName(in: name.octets.span, at: 0, compress: compress)
    }

    /// Writes the well formed name at `start` of another message.
    @_lifetime(self: copy self)
    private mutating func writeName(in wire: Span<UInt8>, at start: Int, compress: Bool) {
        var offset = wire.labelOffset(at: start)
        while wire[offset] != 0 {
            if compress, let target = findSuffix(wire, from: offset) {
                return write(0xc000 | target)
            }
            // A pointer has 14 bits.
            if count < 0x4000, suffixCount < 64, !hasOverflowed {
                suffixes[suffixCount] = UInt16(count)
                suffixCount &+= 1
            }
            let end = offset &+ 1 &+ Int(wire[offset])
            write(wire.extracting(offset..<end))
            offset = wire.labelOffset(at: end)
        }
        write(UInt8(0))
    }

    /// Writes a record's fixed part and RDATA of which every name is in full.
    @_lifetime(self: copy self)
    public mutating func writeRecord(
        owner: DomainName, type: RRType, rrClass: UInt16 = RRClass.internet, ttl: UInt32,
        rdata: Span<UInt8>
    ) {
        writeName(owner)
        write(type.rawValue)
        write(rrClass)
        write(ttl)
        let lengthOffset = count
        write(UInt16(0))
        writeRData(rdata, in: rdata, range: 0..<rdata.count, type: type)
        guard !hasOverflowed else { return }
        patch(UInt16(count &- lengthOffset &- 2), at: lengthOffset)
    }

    /// Writes a record of another message: its names lose that message's compression and get this
    /// one's. `writtenOwner` is where the owner's name stands in this one already, if that is known.
    /// Throws when a name in it is malformed; the caller then returns to a mark.
    @_lifetime(self: copy self)
    public mutating func copyRecord(
        _ record: ResourceRecord, of message: Span<UInt8>, ttl: UInt32, owner: DomainName? = nil,
        writtenOwner: UInt16? = nil
    ) throws(MessageError) {
        if let owner {
            writeName(owner)
        } else if let writtenOwner {
            write(0xc000 | writtenOwner)
        } else {
            try MessageReader.checkName(in: message, at: record.ownerOffset)
            writeName(in: message, at: record.ownerOffset, compress: true)
        }
        write(record.type.rawValue)
        write(record.rrClass)
        write(ttl)
        let lengthOffset = count
        write(UInt16(0))
        try copyRData(record, of: message)
        guard !hasOverflowed else { return }
        patch(UInt16(count &- lengthOffset &- 2), at: lengthOffset)
    }

    @_lifetime(self: copy self)
    private mutating func copyRData(
        _ record: ResourceRecord, of message: Span<UInt8>
    ) throws(MessageError) {
        guard let layout = RDataLayout.of(record.type) else {
            return write(message.extracting(record.rdata))
        }
        var reader = MessageReader(
            message.extracting(0..<record.rdata.upperBound), at: record.rdata.lowerBound)
        try reader.skipToNames(of: layout)
        write(message.extracting(record.rdata.lowerBound..<reader.offset))
        for _ in 0..<layout.names {
            let start = reader.offset
            try reader.checkName()
            writeName(in: reader.message, at: start, compress: layout.compressible)
        }
        write(message.extracting(reader.offset..<record.rdata.upperBound))
    }

    @_lifetime(self: copy self)
    private mutating func writeRData(
        _ rdata: Span<UInt8>, in message: Span<UInt8>, range: Range<Int>, type: RRType
    ) {
        // Below, the overflow may only be forgotten when it is this RDATA's.
        guard !hasOverflowed else { return }
        let record = ResourceRecord(
            ownerOffset: 0, type: type, rrClass: RRClass.internet, ttl: 0, rdata: range)
        let before = mark
        do {
            try copyRData(record, of: message)
        } catch {
            // RDATA that does not fit its type's layout passes as it is.
            rewind(to: before)
            write(rdata)
        }
    }

    @_lifetime(self: copy self)
    private mutating func reserve(_ size: Int) -> Bool {
        guard !hasOverflowed, size <= limit &- count else {
            hasOverflowed = true
            return false
        }
        count &+= size
        return true
    }

    /// Where the labels of `wire` from `start` on already stand in the message.
    private func findSuffix(_ wire: Span<UInt8>, from start: Int) -> UInt16? {
        let written = octets.span
        for index in 0..<suffixCount
        where Self.equal(written, at: Int(suffixes[index]), wire, from: start, end: count) {
            return suffixes[index]
        }
        return nil
    }

    /// `end` is where what is written ends: the name that is being written is not whole yet.
    private static func equal(
        _ message: Span<UInt8>, at position: Int, _ wire: Span<UInt8>, from start: Int, end: Int
    ) -> Bool {
        var position = position
        var offset = start
        while position < end {
            let length = message[position]
            if length >= 0xc0 {
                position = message.pointer(at: position)
                continue
            }
            guard length == wire[offset] else { return false }
            if length == 0 { return true }
            guard position &+ 1 &+ Int(length) <= end else { return false }
            for index in 1...Int(length)
            where lowercased(message[position &+ index]) != lowercased(wire[offset &+ index]) {
                return false
            }
            position &+= 1 &+ Int(length)
            offset = wire.labelOffset(at: offset &+ 1 &+ Int(length))
        }
        return false
    }
}
