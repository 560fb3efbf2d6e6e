/// Reads a message front to back, checking every bound. A name's compression pointers may only
/// point backwards, so reading ends (RFC 1035 §4.1.4).
public struct MessageReader: ~Escapable {
    public let message: Span<UInt8>
    /// Where the next field starts, in octets from the message's start.
    public private(set) var offset: Int

    @_lifetime(copy message)
    public init(_ message: Span<UInt8>, at offset: Int = 0) {
        self.message = message
        self.offset = offset
    }

    public var isAtEnd: Bool { offset >= message.count }

    @_lifetime(self: copy self)
    public mutating func readUInt8() throws(MessageError) -> UInt8 {
        try require(1)
        offset &+= 1
        return message[offset &- 1]
    }

    @_lifetime(self: copy self)
    public mutating func readUInt16() throws(MessageError) -> UInt16 {
        try require(2)
        offset &+= 2
        return message.uint16(at: offset &- 2)
    }

    @_lifetime(self: copy self)
    public mutating func readUInt32() throws(MessageError) -> UInt32 {
        try require(4)
        offset &+= 4
        return message.uint32(at: offset &- 4)
    }

    @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) throws(MessageError) {
        try require(count)
        offset &+= count
    }

    /// Passes over a name, compressed or not, and says whether it was without pointers.
    @_lifetime(self: copy self)
    @discardableResult
    public mutating func skipName() throws(MessageError) -> Bool {
        let start = offset
        while true {
            let length = try readUInt8()
            switch length {
            case 0:
                guard offset &- start <= DomainName.maximumLength else {
                    throw .nameTooLong(at: start)
                }
                return true
            case 1...63:
                try skip(Int(length))
            case 0xc0...:
                let target = Int(length & 0x3f) << 8 | Int(try readUInt8())
                guard target < start else { throw .forwardPointer(at: offset &- 2) }
                return false
            default:
                throw .reservedLabelType(at: offset &- 1)
            }
        }
    }

    /// Reads a name and follows its pointers.
    @_lifetime(self: copy self)
    public mutating func readName() throws(MessageError) -> DomainName {
        let start = offset
        try skipName()
        return try Self.name(in: message, at: start)
    }

    /// Reads a name and follows its pointers, only to see that it is well formed.
    @_lifetime(self: copy self)
    public mutating func checkName() throws(MessageError) {
        let start = offset
        try skipName()
        try Self.checkName(in: message, at: start)
    }

    /// Follows the name that starts at `start` to its end.
    static func checkName(in message: Span<UInt8>, at start: Int) throws(MessageError) {
        var position = start
        var count = 0
        // As in `name(in:at:)`.
        var limit = start
        while true {
            guard position < message.count else { throw .truncated(at: position) }
            let length = message[position]
            switch length {
            case 0: return
            case 1...63:
                position &+= 1 &+ Int(length)
                count &+= 1 &+ Int(length)
                guard position <= message.count else { throw .truncated(at: position) }
                // The root's octet still has to fit.
                guard count < DomainName.maximumLength else { throw .nameTooLong(at: start) }
            case 0xc0...:
                guard position &+ 1 < message.count else { throw .truncated(at: position) }
                let target = message.pointer(at: position)
                guard target < limit else { throw .forwardPointer(at: position) }
                limit = target
                position = target
            default:
                throw .reservedLabelType(at: position)
            }
        }
    }

    /// The name that starts at `start`, with its pointers followed.
    public static func name(
        in message: Span<UInt8>, at start: Int
    ) throws(MessageError) -> DomainName {
        var octets: [UInt8] = []
        var position = start
        // Every jump must land before the place of the jump's own name, so this ends.
        var limit = start
        while true {
            guard position < message.count else { throw .truncated(at: position) }
            let length = message[position]
            switch length {
            case 0:
                octets.append(0)
                return DomainName(uncheckedOctets: octets)
            case 1...63:
                let end = position &+ 1 &+ Int(length)
                guard end <= message.count else { throw .truncated(at: position) }
                // The root's octet still has to fit.
                guard octets.count &+ 2 &+ Int(length) <= DomainName.maximumLength else {
                    throw .nameTooLong(at: start)
                }
                for index in position..<end { octets.append(message[index]) }
                position = end
            case 0xc0...:
                guard position &+ 1 < message.count else { throw .truncated(at: position) }
                let target = Int(length & 0x3f) << 8 | Int(message[position &+ 1])
                guard target < limit else { throw .forwardPointer(at: position) }
                limit = target
                position = target
            default:
                throw .reservedLabelType(at: position)
            }
        }
    }

    @_lifetime(self: copy self)
    public mutating func readQuestion() throws(MessageError) -> Question {
        let name = try readName()
        return Question(
            name: name, type: RRType(rawValue: try readUInt16()), rrClass: try readUInt16())
    }

    /// Reads the bounds of one resource record; its RDATA is not looked into.
    @_lifetime(self: copy self)
    public mutating func readRecord() throws(MessageError) -> ResourceRecord {
        let start = offset
        try skipName()
        let fields = offset
        try skip(10)
        let length = Int(message.uint16(at: fields &+ 8))
        try skip(length)
        return ResourceRecord(
            ownerOffset: start, type: RRType(rawValue: message.uint16(at: fields)),
            rrClass: message.uint16(at: fields &+ 2), ttl: message.uint32(at: fields &+ 4),
            rdata: offset &- length..<offset)
    }

    private func require(_ count: Int) throws(MessageError) {
        guard count <= message.count &- offset else { throw .truncated(at: offset) }
    }
}

/// What a message asks (RFC 1035 §4.1.2).
public struct Question: Hashable, Sendable {
    public var name: DomainName
    public var type: RRType
    public var rrClass: UInt16

    public init(name: DomainName, type: RRType, rrClass: UInt16 = RRClass.internet) {
        self.name = name
        self.type = type
        self.rrClass = rrClass
    }
}

/// Where a resource record and its parts lie in a message (RFC 1035 §4.1.3).
public struct ResourceRecord: Equatable, Sendable {
    /// The octet at which the record, and so its owner name, starts.
    public let ownerOffset: Int
    public let type: RRType
    /// The class; in an OPT record the sender's UDP payload size.
    public let rrClass: UInt16
    /// The TTL as sent; in an OPT record extended RCODE, version and flags.
    public let ttl: UInt32
    /// The octets of RDATA.
    public let rdata: Range<Int>

    /// The TTL in seconds; a value with the top bit set counts as 0 (RFC 2181 §8).
    public var timeToLive: UInt32 { ttl > UInt32(Int32.max) ? 0 : ttl }
}
