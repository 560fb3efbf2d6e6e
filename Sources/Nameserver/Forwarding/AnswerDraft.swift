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
            try writer.copyRecord(record.bounds, of: response.message, ttl: ttl)
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
        flags: UInt16, extendedError: ExtendedErrorOption?
    ) throws(MessageError) -> UpstreamAnswer.Made {
        guard !writer.hasOverflowed else { throw .truncated(at: writer.count) }
        var image = AnswerImage(flags: flags, questionEnd: UInt16(questionEnd))
        image.extendedError = extendedError
        image.answerCount = counts.answer
        image.authorityCount = counts.authority
        image.additionalCount = counts.additional
        try image.index(writer.written)
        let seconds: UInt32 =
            switch kind {
            case .positive, .negative: lifetime == .max ? 0 : lifetime
            case .brief: lifetimes.minimum
            case .failure: lifetimes.failures
            case .incomplete, .uncacheable: 0
            }
        return UpstreamAnswer.Made(image: image, lifetime: lifetimes.isOff ? 0 : seconds)
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

extension AnswerImage {
    /// Takes the sections of a whole message and notes where its TTLs and watched names are.
    mutating func index(_ message: Span<UInt8>) throws(MessageError) {
        sections = message.array(Int(questionEnd)..<message.count)
        var reader = MessageReader(message, at: Int(questionEnd))
        let answers = Int(answerCount)
        let others = answers + Int(authorityCount)
        timeToLiveOffsets.reserveCapacity(others + Int(additionalCount))
        for index in 0..<others + Int(additionalCount) {
            let record = try reader.readRecord()
            timeToLiveOffsets.append(UInt16(record.rdata.lowerBound - 6))
            if index < answers, record.type == .cname {
                finalName = UInt16(record.rdata.lowerBound)
                watchedNames.append(finalName)
            }
            if index < answers || index >= others, record.type == .https || record.type == .svcb,
                record.rdata.count > 2, message[record.rdata.lowerBound + 2] != 0
            {
                // The target of a service binding; "." is the owner itself (RFC 9460 §2.5).
                watchedNames.append(UInt16(record.rdata.lowerBound + 2))
            }
            if index >= others, ZoneSettings.endpointTypes.contains(record.type) {
                watchedNames.append(UInt16(record.ownerOffset))
            }
        }
    }
}
