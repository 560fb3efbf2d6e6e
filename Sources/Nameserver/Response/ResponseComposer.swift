import DNS

/// Composes a response of parts: records of zones, of stored answers, synthesised ones. RRsets that
/// do not fit are left out whole and TC is set, unless they were only additional (RFC 2181 §9).
struct ResponseComposer: ~Copyable, ~Escapable {
    private var writer: MessageWriter
    private let query: Query
    private(set) var answerCount: UInt16 = 0
    private var authorityCount: UInt16 = 0
    private var additionalCount: UInt16 = 0
    private(set) var isTruncated = false
    /// Whether additional records did not fit.
    private var isFull = false
    private var section = Section.answer
    private var isRequired = true
    private var rrset: (type: RRType, mark: MessageWriter.Mark, count: UInt16)?

    enum Section { case answer, authority, additional }

    /// Starts a response to `query`, which asks for `name` in the client's spelling.
    @_lifetime(copy response)
    init(_ query: Query, name: DomainName, into response: consuming MutableSpan<UInt8>) {
        self.query = query
        writer = MessageWriter(response, limit: query.responseLimit)
        writer.write(Header(id: query.id, flags: 0))
        writer.write(Question(name: name, type: query.type, rrClass: query.rrClass))
    }

    /// What is appended from here on belongs to `section`. Additional records are required when
    /// they are the glue of a referral (RFC 9471 §3.1).
    @_lifetime(self: copy self)
    mutating func begin(_ section: Section, isRequired: Bool = false) {
        self.section = section
        self.isRequired = isRequired || section != .additional
        rrset = nil
    }

    /// Appends a zone's RRset under `owner`.
    @_lifetime(self: copy self)
    mutating func append(
        _ rrset: RRset, of zone: Zone, owner: DomainName, maximumTTL: UInt32 = .max
    ) {
        let octets = zone.blocks.octets
        var offset = rrset.octets.lowerBound
        for _ in 0..<rrset.recordCount {
            let start = offset + ZoneBlocks.recordHeaderLength
            let end = start + Int(octets.span.uint16(at: offset + 10))
            append(
                owner: owner, type: rrset.type,
                ttl: min(octets.span.uint32(at: offset + 6), maximumTTL),
                rdata: octets.span.extracting(start..<end))
            offset = end
        }
    }

    /// Appends one record; neighbours of one type count as one RRset.
    @_lifetime(self: copy self)
    mutating func append(
        owner: DomainName, type: RRType, rrClass: UInt16 = RRClass.internet, ttl: UInt32,
        rdata: Span<UInt8>
    ) {
        guard begin(type) else { return }
        writer.writeRecord(owner: owner, type: type, rrClass: rrClass, ttl: ttl, rdata: rdata)
        end()
    }

    /// Appends a record of a stored answer, under `owner` if given.
    @_lifetime(self: copy self)
    mutating func append(
        _ record: ResourceRecord, of message: Span<UInt8>, owner: DomainName? = nil,
        maximumTTL: UInt32 = .max
    ) {
        guard begin(record.type) else { return }
        do {
            let ttl = min(record.ttl, maximumTTL)
            try writer.copyRecord(record, of: message, ttl: ttl, owner: owner)
            end()
        } catch {
            // Stored answers were checked when they were stored.
            assertionFailure("malformed stored record: \(error)")
        }
    }

    /// Appends the SOA record of a negative answer to the authority section.
    @_lifetime(self: copy self)
    mutating func appendNegativeSOA(_ zone: Zone) {
        begin(.authority)
        let soa = zone.negativeSOA
        append(
            owner: zone.settings.apex, type: .soa, ttl: soa.span.uint32(at: 4),
            rdata: soa.span.extracting(SynthesizedSOA.rdataOffset..<soa.count))
    }

    /// Completes the response, but for its OPT record, and returns its length.
    @_lifetime(self: copy self)
    mutating func finish(_ rcode: RCode, flags: UInt16) -> Int {
        var flags = ResponseFlags.base(query) | flags | (rcode.rawValue & Header.Flag.rcodeMask)
        if isTruncated { flags |= Header.Flag.truncated }
        writer.patch(flags, at: 2)
        writer.patch(1, at: 4)
        writer.patch(answerCount, at: 6)
        writer.patch(authorityCount, at: 8)
        writer.patch(additionalCount, at: 10)
        return writer.count
    }

    /// Whether a record of `type` may follow; remembers where its RRset began.
    @_lifetime(self: copy self)
    private mutating func begin(_ type: RRType) -> Bool {
        guard !isTruncated, !isFull else { return false }
        if rrset?.type != type { rrset = (type, writer.mark, count) }
        return true
    }

    @_lifetime(self: copy self)
    private mutating func end() {
        guard writer.hasOverflowed, let rrset else {
            count &+= 1
            return
        }
        writer.rewind(to: rrset.mark)
        count = rrset.count
        // What may stay away stays away from here on, or a part of an RRset would be sent.
        if isRequired { isTruncated = true } else { isFull = true }
    }

    private var count: UInt16 {
        get {
            switch section {
            case .answer: answerCount
            case .authority: authorityCount
            case .additional: additionalCount
            }
        }
        @_lifetime(self: copy self)
        set {
            switch section {
            case .answer: answerCount = newValue
            case .authority: authorityCount = newValue
            case .additional: additionalCount = newValue
            }
        }
    }
}

/// The second 16 bits of responses.
enum ResponseFlags {
    /// QR, RA, and the client's RD and CD. RA is set on every response: a client that sees none
    /// tries its next resolver.
    static func base(_ query: Query) -> UInt16 {
        Header.Flag.response | Header.Flag.recursionAvailable
            | (query.flags & (Header.Flag.recursionDesired | Header.Flag.checkingDisabled))
    }
}
