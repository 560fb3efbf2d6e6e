import DNS

/// How long answers live: the contract of CoreDNS's `cache 30`, with negative answers by RFC 2308.
extension CacheLifetimes {
    var isOff: Bool { maximum == 0 }

    /// The TTL that a record of a positive answer is given.
    func clamped(_ ttl: UInt32) -> UInt32 {
        isOff ? ttl : min(max(ttl, minimum), maximum)
    }

    /// The TTL that a negative answer's SOA record is given (RFC 2308 §5).
    func clampedNegative(_ ttl: UInt32) -> UInt32 {
        isOff ? ttl : min(max(ttl, minimum), negativeMaximum)
    }
}

/// What an upstream answer is, as far as its lifetime goes (RFC 2308 §2).
enum AnswerKind: Equatable {
    /// Has records of the type asked for, at the end of the chain of aliases.
    case positive
    /// NOERROR or NXDOMAIN with a SOA record.
    case negative
    /// NOERROR or NXDOMAIN without one, or a referral; NXDOMAIN behind an alias. Kept for the
    /// minimum: long enough to stop storms, short enough for a host that has just come up.
    case brief
    /// An alias without the data of its target and without SOA: passed on, but not kept, since the
    /// rest may be there the next time.
    case incomplete
    /// SERVFAIL or NOTIMP that the upstream sent (RFC 9520 §3.2).
    case failure
    /// Anything else is passed on and not kept.
    case uncacheable
}
