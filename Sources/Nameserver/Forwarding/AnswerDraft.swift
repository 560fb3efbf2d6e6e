import DNS

/// An answer image in the making: records written in order behind the question.
struct AnswerDraft: ~Copyable, ~Escapable {
    private var writer: MessageWriter
    private let questionEnd: Int
    private let lifetimes: CacheLifetimes
    private let kind: AnswerKind
    private var counts: (answer: UInt16, authority: UInt16, additional: UInt16) = (0, 0, 0)
    /// The smallest TTL written so far.
    private var lifetime: UInt32 = .max

    /// What a synthesised SOA record says, in seconds.
    private static let synthesizedTTL: UInt32 = 60

    @_lifetime(copy buffer)
    init(
        into buffer: consuming MutableSpan<UInt8>, question: UpstreamQuestion, kind: AnswerKind
    ) {
        let limit = buffer.count
        writer = MessageWriter(buffer, limit: limit)
        writer.write(Header(id: 0, flags: 0, questionCount: 1))
        writer.write(Question(name: question.name, type: question.type))
        questionEnd = writer.count
        self.kind = kind
        lifetimes = question.rule.lifetimes
    }

    /// Appends a record, its TTL clamped; one that a policy removed is passed over.
    @_lifetime(self: copy self)
    mutating func append(
        _ record: UpstreamResponse.Record, of response: borrowing UpstreamResponse
    ) throws(MessageError) {
        guard !record.isRemoved else { return }
        let ttl = timeToLive(record, of: response)
        if record.replacement != nil {
            let rdata = response.rdata(of: record)
            writer.writeRecord(
                owner: response.name(at: record.owner), type: record.type, ttl: ttl,
                rdata: rdata.span)
        } else {
            // Mostly the owner is the name that was asked for, which stands in front here too.
            let message = response.message
            let isOfQuestion =
                message.labelOffset(at: record.owner) == Header.length
                && message[Header.length] != 0
            try writer.copyRecord(
                record.bounds, of: message, ttl: ttl,
                writtenOwner: isOfQuestion ? UInt16(Header.length) : nil)
        }
        note(record.section, ttl)
    }

    @_lifetime(self: copy self)
    mutating func appendSynthesizedSOA(zone: DomainName) {
        let ttl = lifetimes.clampedNegative(Self.synthesizedTTL)
        let soa = SynthesizedSOA.octets(zone: zone, ttl: ttl)
        writer.writeRecord(
            owner: zone, type: .soa, ttl: ttl,
            rdata: soa.span.extracting(SynthesizedSOA.rdataOffset..<soa.count))
        note(.authority, ttl)
    }

    /// The image and how many seconds it may be stored. Throws when the answer outgrew a message.
    @_lifetime(self: copy self)
    mutating func finish(
        from upstream: Upstream, flags: UInt16, extendedError: ExtendedErrorOption?
    ) throws(MessageError) -> UpstreamAnswer.Made {
        guard !writer.hasOverflowed else { throw .truncated(at: writer.count) }
        let image = AnswerImage(
            flags: flags, answerCount: counts.answer, authorityCount: counts.authority,
            additionalCount: counts.additional, questionEnd: UInt16(questionEnd),
            extendedError: extendedError)
        let seconds: UInt32 =
            switch kind {
            case .positive, .negative: lifetime == .max ? 0 : lifetime
            case .brief: lifetimes.minimum
            case .failure: lifetimes.failures
            case .incomplete, .uncacheable: 0
            }
        return UpstreamAnswer.Made(
            image: try image.encoded(of: writer.written), lifetime: lifetimes.isOff ? 0 : seconds,
            upstream: upstream)
    }

    private func timeToLive(
        _ record: UpstreamResponse.Record, of response: borrowing UpstreamResponse
    ) -> UInt32 {
        let ttl = record.bounds.timeToLive
        switch kind {
        case .positive, .incomplete: return lifetimes.clamped(ttl)
        case .negative:
            guard record.type == .soa, record.bounds.rdata.count >= 4 else {
                return lifetimes.clamped(ttl)
            }
            // RFC 2308 §3: the smaller of the SOA's TTL and MINIMUM.
            let minimum = response.message.uint32(at: record.bounds.rdata.upperBound - 4)
            return lifetimes.clampedNegative(min(ttl, minimum))
        case .brief, .failure, .uncacheable:
            return lifetimes.isOff ? ttl : lifetimes.minimum
        }
    }

    @_lifetime(self: copy self)
    private mutating func note(_ section: UpstreamResponse.Section, _ ttl: UInt32) {
        lifetime = min(lifetime, ttl)
        switch section {
        case .answer: counts.answer &+= 1
        case .authority: counts.authority &+= 1
        case .additional: counts.additional &+= 1
        }
    }
}
