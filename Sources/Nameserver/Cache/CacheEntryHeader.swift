import DNS

/// What is known of a stored answer beside its name and image.
struct CacheEntryFacts {
    var key: AnswerKey.Parameters
    /// Monotonic nanoseconds.
    var storedAt: Int64
    /// Seconds.
    var lifetime: UInt32
    /// How often it was asked for lately, 0 to 3.
    var useCount: UInt8 = 0
}

/// What an entry begins with in a shard's memory; the name and the image follow, each padded to
/// words.
struct CacheEntryHeader {
    /// Of the whole entry.
    var length: UInt32
    let imageLength: UInt32
    let hash: UInt64
    /// Monotonic nanoseconds.
    let storedAt: Int64
    let partition: UInt64
    /// Seconds.
    let lifetime: UInt32
    /// When a newer answer is worth waiting for again, in milliseconds since it was stored.
    let recheckAfter: UInt32
    let type: UInt16
    let nameLength: UInt8
    let bits: UInt8
    var usage: CacheUsage

    static let size = 48
    static let recheckOffset = 36
    static let usageOffset = 44
    /// Whether the compiler lays the fields out as the offsets say.
    static var isLaidOut: Bool {
        MemoryLayout<Self>.stride == size
            && MemoryLayout<Self>.offset(of: \.recheckAfter) == recheckOffset
            && MemoryLayout<Self>.offset(of: \.usage) == usageOffset
    }

    init(
        _ facts: CacheEntryFacts, hash: UInt64, length: Int, nameLength: Int, imageLength: Int
    ) {
        self.length = UInt32(length)
        self.imageLength = UInt32(imageLength)
        self.hash = hash
        storedAt = facts.storedAt
        partition = facts.key.partition
        lifetime = facts.lifetime
        recheckAfter = 0
        type = facts.key.type.rawValue
        self.nameLength = UInt8(nameLength)
        bits = facts.key.bits.rawValue
        usage = CacheUsage(count: facts.useCount)
    }

    var facts: CacheEntryFacts {
        CacheEntryFacts(
            key: AnswerKey.Parameters(
                type: RRType(rawValue: type), bits: AnswerKey.Bits(rawValue: bits),
                partition: partition),
            storedAt: storedAt, lifetime: lifetime, useCount: usage.count)
    }

    /// Whether it denies a whole name.
    var isDenial: Bool { bits & AnswerKey.Bits.denials.rawValue != 0 }
    /// Whether it denies all names below its own, too.
    var deniesSubtree: Bool { bits & AnswerKey.Bits.deniesSubtree.rawValue != 0 }
}
