/// How an entry was used, in one octet: the lower two bits count how often it was asked for, up to 3,
/// and are counted down while it moves through the main ring. One more says whether somebody was told
/// to refresh it since it was stored.
struct CacheUsage: Equatable {
    private var bits: UInt8

    private static let countMask: UInt8 = 3
    private static let wasToldDue: UInt8 = 4

    init(count: UInt8 = 0) { bits = min(count, Self.countMask) }

    var count: UInt8 { bits & Self.countMask }

    /// Whether nobody was told to refresh it.
    var isRefreshUntold: Bool { bits & Self.wasToldDue == 0 }

    /// After it was asked for; `isDue` when that client was told to refresh it.
    func asked(isDue: Bool) -> CacheUsage {
        var usage = counted
        if isDue { usage.bits |= Self.wasToldDue }
        return usage
    }

    var counted: CacheUsage { with(count: min(count &+ 1, Self.countMask)) }
    var countedDown: CacheUsage { with(count: max(count, 1) &- 1) }
    var uncounted: CacheUsage { with(count: 0) }

    /// The count alone, for an answer that takes its place.
    var ofAnotherLife: CacheUsage { CacheUsage(count: count) }

    private func with(count: UInt8) -> CacheUsage {
        var usage = self
        usage.bits = bits & ~Self.countMask | count
        return usage
    }
}
