import DNS

/// Responses that need no composing: the question is copied from the query, and what follows lies
/// ready. This is the path of nearly every query.
enum DirectResponse {
    /// One RRset of a zone at the question's name; nil when it does not fit.
    static func records(
        _ rrset: RRset, of zone: Zone, _ query: Query, _ message: Span<UInt8>,
        into response: inout MutableSpan<UInt8>
    ) -> Int? {
        let end = query.question.upperBound &+ rrset.octets.count
        guard end <= query.responseLimit else { return nil }
        response.copy(zone.blocks.octets, rrset.octets, at: query.question.upperBound)
        return finish(
            query, message, flags: Header.Flag.authoritativeAnswer, end: end,
            counts: (rrset.recordCount, 0, 0), into: &response)
    }

    /// NODATA or NXDOMAIN with the zone's SOA record (RFC 2308 §2); nil when it does not fit.
    /// `apex` is where the zone's apex starts in the question's name, in octets.
    static func negative(
        _ rcode: RCode, of zone: Zone, apex: Int, _ query: Query, _ message: Span<UInt8>,
        into response: inout MutableSpan<UInt8>
    ) -> Int? {
        let start = query.question.upperBound
        let end = start &+ 2 &+ zone.negativeSOA.count
        guard end <= query.responseLimit else { return nil }
        response.store(
            0xc000 | UInt16(truncatingIfNeeded: Header.length &+ apex), at: start)
        response.copy(zone.negativeSOA, 0..<zone.negativeSOA.count, at: start &+ 2)
        return finish(
            query, message, flags: Header.Flag.authoritativeAnswer | rcode.rawValue, end: end,
            counts: (0, 1, 0), into: &response)
    }

    /// An answer without records.
    static func empty(
        _ rcode: RCode, _ query: Query, _ message: Span<UInt8>,
        into response: inout MutableSpan<UInt8>
    ) -> Int {
        finish(
            query, message, flags: rcode.rawValue, end: query.question.upperBound,
            counts: (0, 0, 0), into: &response)
    }

    /// Writes header and question before what stands behind the question up to `end`, which is
    /// returned.
    @inline(__always)
    static func finish(
        _ query: Query, _ message: Span<UInt8>, flags: UInt16, end: Int,
        counts: (answer: UInt16, authority: UInt16, additional: UInt16),
        into response: inout MutableSpan<UInt8>
    ) -> Int {
        // The ID comes with the question.
        response.copy(message.extracting(0..<query.question.upperBound), at: 0)
        response.store(ResponseFlags.base(query) | flags, at: 2)
        response.store(UInt16(1), at: 4)
        response.store(counts.answer, at: 6)
        response.store(counts.authority, at: 8)
        response.store(counts.additional, at: 10)
        return end
    }

    /// The answer to a message that is no answerable query: the header, and the question if it
    /// could be read.
    static func error(
        _ rcode: RCode, _ message: Span<UInt8>, question: Range<Int>?,
        into response: inout MutableSpan<UInt8>
    ) -> Int {
        let kept = Header.Flag.opcodeMask | Header.Flag.recursionDesired
        response.store(message.uint16(at: 0), at: 0)
        response.store(
            Header.Flag.response | Header.Flag.recursionAvailable | (message.uint16(at: 2) & kept)
                | (rcode.rawValue & Header.Flag.rcodeMask),
            at: 2)
        response.store(UInt16(question == nil ? 0 : 1), at: 4)
        response.store(UInt32(0), at: 6)
        response.store(UInt16(0), at: 10)
        guard let question else { return Header.length }
        response.copy(message.extracting(question), at: Header.length)
        return question.upperBound
    }
}
