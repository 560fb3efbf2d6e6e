import Synchronization

/// Which queries those who read the query log's records want. Workers look at it for every query, so it is
/// one number.
struct RecordDemand: Equatable, Sendable {
    /// The page wants to know what happens, of some queries while there are very many.
    var isObserved = false
    /// Somebody follows the log, and wants them all.
    var isFollowed = false
    /// The log wants one of so many queries; 0 for none.
    var stride: UInt32 = 0
    /// The log wants only those that were not answered well.
    var isErrorsOnly = false
    /// The log wants responses whole, and not their start alone.
    var isWhole = false

    static let nothing = RecordDemand()

    private static let observedBit: UInt64 = 1 << 32
    private static let errorsBit: UInt64 = 1 << 33
    private static let followedBit: UInt64 = 1 << 34
    private static let wholeBit: UInt64 = 1 << 35

    init(
        isObserved: Bool = false, isFollowed: Bool = false, stride: UInt32 = 0,
        isErrorsOnly: Bool = false, isWhole: Bool = false
    ) {
        self.isWhole = isWhole
        self.isObserved = isObserved
        self.isFollowed = isFollowed
        self.stride = stride
        self.isErrorsOnly = isErrorsOnly
    }

    /// 0 is nothing.
    fileprivate init(bits: UInt64) {
        isObserved = bits & Self.observedBit != 0
        isFollowed = bits & Self.followedBit != 0
        stride = UInt32(truncatingIfNeeded: bits)
        isErrorsOnly = bits & Self.errorsBit != 0
        isWhole = bits & Self.wholeBit != 0
    }

    fileprivate var bits: UInt64 {
        UInt64(stride) | (isObserved ? Self.observedBit : 0)
            | (isFollowed ? Self.followedBit : 0) | (isErrorsOnly ? Self.errorsBit : 0)
            | (isWhole ? Self.wholeBit : 0)
    }
}

/// The demand, which one queue sets and all workers read.
final class SharedDemand: Sendable {
    private let bits = Atomic<UInt64>(0)

    func set(_ demand: RecordDemand) { bits.store(demand.bits, ordering: .relaxed) }

    /// nil for nothing: all that it costs a query while nobody wants records.
    var current: RecordDemand? {
        let bits = bits.load(ordering: .relaxed)
        return bits == 0 ? nil : RecordDemand(bits: bits)
    }
}
