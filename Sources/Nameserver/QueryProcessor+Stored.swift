import DNS

/// Stored upstream answers in composed responses: records appended one by one, aliases followed into
/// the view's zones, what belongs to a public endpoint of a name here left out.
extension QueryProcessor {
    /// Appends the stored answer in `scratch` to the question for `chain.current`; true when it leads
    /// into a name that this view answers, and the chain goes on there.
    func followStored(
        _ stored: StoredAnswer, _ query: Query, _ view: View, _ chain: inout Chain,
        _ composer: inout ResponseComposer
    ) -> Bool {
        if stored.age == .stale {
            chain.isFromOneServer = false
            options.set(.staleAnswer)
        }
        let scratch = scratch
        let image = AnswerImageView(scratch.image)
        // The buffer leaves its owner while the message in it is read.
        var buffer: [UInt8] = []
        swap(&buffer, &expanded)
        defer { swap(&buffer, &expanded) }
        var message = buffer.mutableSpan
        // An NXDOMAIN for a name above was stored behind a question for that name.
        let labels = chain.current.labels
        let asked =
            stored.deniedLabel == 0
            ? chain.current : DomainName(labels: labels[stored.deniedLabel...]) ?? chain.current
        message.copy(asked.octets.span, at: Header.length)
        message.store(query.type.rawValue, at: image.questionEnd - 4)
        message.store(query.rrClass, at: image.questionEnd - 2)
        image.expand(into: &message, stored.age)
        var reader = MessageReader(
            message.span.extracting(..<image.messageLength), at: image.questionEnd)
        do {
            composer.begin(.answer)
            let isAltered = try hasForeignBinding(Int(image.answerCount), reader, view)
            var hasData = false
            var alias: (owner: DomainName, target: DomainName)?
            for _ in 0..<image.answerCount {
                let record = try reader.readRecord()
                // An alias's signatures stand right behind it and go with it (RFC 4035 §3.1.1).
                if let alias {
                    let owner = try MessageReader.name(in: reader.message, at: record.ownerOffset)
                    guard Self.covered(record, reader.message) == .cname, owner == alias.owner
                    else { return goOn(at: alias.target, &chain) }
                }
                if isAltered, isOfService(record, reader.message, view) { continue }
                guard
                    chain.flattenedOwner == nil || record.type == query.type
                        || record.type == .cname
                else { continue }
                if record.type == query.type { hasData = true }
                if chain.flattenedOwner == nil || record.type == query.type {
                    composer.append(
                        record, of: reader.message, owner: chain.flattenedOwner,
                        maximumTTL: chain.maximumTTL)
                } else {
                    chain.maximumTTL = min(chain.maximumTTL, record.ttl)
                }
                guard record.type == .cname, query.type != .cname else { continue }
                let target = try MessageReader.name(
                    in: reader.message, at: record.rdata.lowerBound)
                watchedName.set(target)
                guard view.localAnswer(watchedName, query.type) != nil else { continue }
                let owner = try MessageReader.name(in: reader.message, at: record.ownerOffset)
                alias = (owner, target)
            }
            if let alias { return goOn(at: alias.target, &chain) }
            if hasData { chain.hasData = true }
            if isAltered, !hasData, chain.flattenedOwner == nil {
                let owner = try MessageReader.name(in: reader.message, at: image.finalName)
                Self.appendEmptiedSOA(owner, &composer)
            }
            try appendRest(
                image, stored, &reader, view, isEmptied: isAltered && !hasData, &chain, &composer)
            if isAltered {
                chain.isFromOneServer = false
                options.set(hasData ? .someForeignBindings : .foreignBindings)
            }
        } catch {
            assertionFailure("malformed stored answer: \(error)")
            chain.rcode = .serverFailure
        }
        return false
    }

    private func goOn(at target: DomainName, _ chain: inout Chain) -> Bool {
        chain.current = target
        chain.isFromOneServer = false
        return true
    }

    /// The type that an RRSIG record covers (RFC 4034 §3.1.1).
    private static func covered(_ record: ResourceRecord, _ message: Span<UInt8>) -> RRType? {
        guard record.type == .rrsig, record.rdata.count >= 2 else { return nil }
        return RRType(rawValue: message.uint16(at: record.rdata.lowerBound))
    }

    /// All that the answer had was taken out: NODATA needs a SOA (RFC 2308 §2.2).
    private static func appendEmptiedSOA(
        _ owner: DomainName, _ composer: inout ResponseComposer
    ) {
        let ttl = ZoneSettings(apex: owner).negativeTTL
        let soa = SynthesizedSOA.octets(zone: owner, ttl: ttl)
        composer.begin(.authority)
        composer.append(
            owner: owner, type: .soa, ttl: ttl,
            rdata: soa.span.extracting(SynthesizedSOA.rdataOffset..<soa.count))
    }

    /// Whether one of the service bindings among the next `count` records is foreign.
    private func hasForeignBinding(
        _ count: Int, _ reader: MessageReader, _ view: View
    ) throws(MessageError) -> Bool {
        var reader = reader
        for _ in 0..<count {
            let record = try reader.readRecord()
            if isForeignBinding(record, reader.message, view) { return true }
        }
        return false
    }

    /// Whether the record goes when bindings are taken out: a foreign one, or the signature of a set
    /// that is no longer whole.
    private func isOfService(
        _ record: ResourceRecord, _ message: Span<UInt8>, _ view: View
    ) -> Bool {
        let covered = Self.covered(record, message)
        return covered == .https || covered == .svcb || isForeignBinding(record, message, view)
    }

    /// Whether a service binding leads to a name that this view answers itself: its hints and keys
    /// are then those of the public endpoint, and must not be shown beside the address here.
    private func isForeignBinding(
        _ record: ResourceRecord, _ message: Span<UInt8>, _ view: View
    ) -> Bool {
        guard record.type == .https || record.type == .svcb,
            watchedName.set(message, at: record.rdata.lowerBound + 2), watchedName.labelCount > 0
        else { return false }
        return view.claims(watchedName, record.type)
    }

    /// The authority and additional sections of a stored answer, and what its header says. An answer
    /// that lost all its bindings has no use for the authority's records: proofs that belong to what
    /// was there would deny too much.
    private func appendRest(
        _ image: borrowing AnswerImageView, _ stored: StoredAnswer,
        _ reader: inout MessageReader, _ view: View, isEmptied: Bool, _ chain: inout Chain,
        _ composer: inout ResponseComposer
    ) throws(MessageError) {
        let isShown = chain.flattenedOwner == nil
        if isShown { composer.begin(.authority) }
        for _ in 0..<image.authorityCount {
            let record = try reader.readRecord()
            if isShown, !isEmptied { composer.append(record, of: reader.message) }
        }
        if isShown { composer.begin(.additional) }
        let isAltered = try hasForeignBinding(Int(image.additionalCount), reader, view)
        for _ in 0..<image.additionalCount {
            let record = try reader.readRecord()
            guard isShown, watchedName.set(reader.message, at: record.ownerOffset),
                !view.claims(watchedName, record.type),
                !isAltered || !isOfService(record, reader.message, view)
            else {
                chain.isFromOneServer = false
                continue
            }
            composer.append(record, of: reader.message)
        }
        chain.rcode = image.rcode
        setError(of: image, stored)
        chain.flags |= image.flags & (Header.Flag.authenticData | Header.Flag.truncated)
        guard chain.rcode == .nameError else { return }
        if stored.deniedLabel > 0 {
            watchedName.set(chain.current)
        } else {
            _ = watchedName.set(reader.message, at: image.finalName)
        }
        if view.exists(watchedName) || chain.flattenedOwner != nil {
            chain.rcode = .noError
            chain.isFromOneServer = false
        }
    }
}
