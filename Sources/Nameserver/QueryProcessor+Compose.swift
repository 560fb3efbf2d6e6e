import DNS

/// Responses that need more than one look-up: aliases in zones, upstream aliases that lead into a
/// zone, referrals, and whatever does not fit its limit.
extension QueryProcessor {
    /// A chain of aliases longer than this ends with what was found so far; resolvers stop at about
    /// as many.
    private static let maximumChainLength = 16

    func compose(
        _ query: Query, _ message: Span<UInt8>, _ view: View, fresh: [FreshAnswer], now: Int64,
        transport: ClientTransport, into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        let asked = Self.spelledName(query, message)
        var composer = ResponseComposer(
            query, name: asked, into: response._mutatingExtracting(...))
        var chain = Chain(current: asked)
        var visited: Set<DomainName> = []
        for step in 0..<Self.maximumChainLength {
            // A loop of aliases ends where it closes.
            guard visited.insert(chain.current).inserted else { break }
            name.set(chain.current)
            if let (zone, local) = view.localAnswer(name, query.type) {
                if step == 0 { chain.flags = Header.Flag.authoritativeAnswer }
                chain.isFromOneServer = false
                if chain.isProtected, zone.settings.isBuiltIn, case .records = local {
                    // A public alias for localhost is a private address, too.
                    options.set(.privateAddressesRemoved)
                    if chain.flattenedOwner == nil { composer.appendNegativeSOA(zone) }
                    break
                }
                if followLocal(local, zone, query, &chain, &composer) { continue }
                break
            }
            guard query.type != .any, let rule = view.rule(for: name) else { break }
            let policy = view.policy(for: name, under: rule)
            let key = AnswerKey.Parameters(
                type: query.type, bits: AnswerKey.Bits(query), rule: rule, policy: policy)
            guard let elapsed = stored(key, fresh: fresh, now: now) else {
                counters.cacheMisses &+= 1
                question = UpstreamQuestion(
                    name: chain.current, type: query.type, key: key, lowercaseName: name.octets(),
                    rule: rule, policy: policy, rebindProtection: view.rebindProtection(policy),
                    transport: transport)
                return .forward
            }
            guard !isCut(over: transport) else {
                chain.rcode = .serverFailure
                options.set(.cutAnswer)
                break
            }
            chain.isProtected = policy.rebindProtection != 0
            if step == 0 {
                chain.flags = scratch.flags & Header.Flag.authoritativeAnswer
            }
            if followStored(elapsed, query, view, &chain, &composer) { continue }
            break
        }
        if chain.flattenedOwner != nil, composer.answerCount == 0, chain.rcode == .noError,
            let zone = chain.flatteningZone
        {
            composer.appendNegativeSOA(zone)
        }
        if !query.wantsAuthenticData || !chain.isFromOneServer {
            chain.flags &= ~Header.Flag.authenticData
        }
        return .respond(composer.finish(chain.rcode, flags: chain.flags))
    }

    /// Where the resolution of one query stands.
    private struct Chain {
        /// The name to resolve next.
        var current: DomainName
        var flags: UInt16 = 0
        var rcode = RCode.noError
        /// Whether all of the answer is one upstream answer, so that its AD bit still holds.
        var isFromOneServer = true
        /// Whether the rebind protection is on for the name that upstream was asked for last.
        var isProtected = false
        /// The owner of an ALIAS: the addresses found are given as its own.
        var flattenedOwner: DomainName?
        var flatteningZone: Zone?

        init(current: DomainName) { self.current = current }
    }

    /// Appends what a zone says; true when the chain goes on at another name.
    private func followLocal(
        _ answer: LocalAnswer, _ zone: Zone, _ query: Query, _ chain: inout Chain,
        _ composer: inout ResponseComposer
    ) -> Bool {
        switch answer {
        case .records(let rrset):
            composer.begin(.answer)
            composer.append(rrset, of: zone, owner: chain.flattenedOwner ?? chain.current)
        case .cname(let rrset):
            if chain.flattenedOwner == nil {
                composer.begin(.answer)
                composer.append(rrset, of: zone, owner: chain.current)
            }
            chain.current = DomainName(uncheckedOctets: zone.firstRData(rrset))
            return true
        case .alias(let rrset):
            chain.flattenedOwner = chain.flattenedOwner ?? chain.current
            chain.flatteningZone = chain.flatteningZone ?? zone
            chain.current = DomainName(uncheckedOctets: zone.firstRData(rrset))
            return true
        case .dname(let rrset, let owner):
            return followDNAME(rrset, owner, zone, query, &chain, &composer)
        case .noData:
            if chain.flattenedOwner == nil { composer.appendNegativeSOA(zone) }
        case .nameError:
            chain.rcode = .nameError
            composer.appendNegativeSOA(zone)
        case .referral(let rrset, let cut):
            appendReferral(rrset, cut, zone, &chain, &composer)
        case .elsewhere:
            break
        }
        return false
    }

    /// RFC 6672 §3.1: the DNAME record, and a CNAME record for the name asked for. True when the
    /// chain goes on: that CNAME record is itself the answer to a question for CNAME.
    private func followDNAME(
        _ rrset: RRset, _ owner: Int, _ zone: Zone, _ query: Query, _ chain: inout Chain,
        _ composer: inout ResponseComposer
    ) -> Bool {
        let target = DomainName(uncheckedOctets: zone.firstRData(rrset))
        let labels = chain.current.labels
        composer.begin(.answer)
        if chain.flattenedOwner == nil, let ownerName = DomainName(labels: labels[owner...]) {
            composer.append(rrset, of: zone, owner: ownerName)
        }
        guard let prefix = DomainName(labels: labels[..<owner]),
            let synthesized = target.prepending(prefix)
        else {
            // RFC 6672 §2.2: the name would be too long.
            chain.rcode = .nameExists
            return false
        }
        if chain.flattenedOwner == nil {
            composer.append(
                owner: chain.current, type: .cname, ttl: zone.timeToLive(rrset),
                rdata: synthesized.octets.span)
        }
        chain.current = synthesized
        return query.type != .cname
    }

    /// The zone cut's NS records, and the addresses of those inside the zone (RFC 1034 §4.3.2). AA
    /// speaks of the first owner name in the answer section (RFC 1035 §4.1.1): of an alias, if one
    /// led here.
    private func appendReferral(
        _ rrset: RRset, _ cut: Int, _ zone: Zone, _ chain: inout Chain,
        _ composer: inout ResponseComposer
    ) {
        if composer.answerCount == 0 { chain.flags &= ~Header.Flag.authoritativeAnswer }
        composer.begin(.authority)
        let owner = DomainName(labels: chain.current.labels[cut...]) ?? zone.settings.apex
        composer.append(rrset, of: zone, owner: owner)
        composer.begin(.additional, isRequired: true)
        for server in zone.allRData(rrset).map(DomainName.init(uncheckedOctets:)) {
            watchedName.set(server)
            guard server.isAtOrBelow(zone.settings.apex) else { continue }
            for type in [RRType.a, .aaaa] {
                if let addresses = zone.addresses(watchedName, type) {
                    composer.append(addresses, of: zone, owner: server)
                }
            }
        }
    }

    /// Appends the stored answer in `scratch` to the question for `chain.current`; true when it leads
    /// into a name that this view answers, and the chain goes on there.
    private func followStored(
        _ elapsed: UInt32, _ query: Query, _ view: View, _ chain: inout Chain,
        _ composer: inout ResponseComposer
    ) -> Bool {
        let scratch = scratch
        let image = AnswerImageView(scratch.image)
        // The buffer leaves its owner while the message in it is read.
        var buffer: [UInt8] = []
        swap(&buffer, &expanded)
        defer { swap(&buffer, &expanded) }
        var message = buffer.mutableSpan
        message.copy(chain.current.octets.span, at: Header.length)
        message.store(query.type.rawValue, at: image.questionEnd - 4)
        message.store(query.rrClass, at: image.questionEnd - 2)
        image.expand(into: &message, elapsed: elapsed)
        var reader = MessageReader(
            message.span.extracting(..<image.messageLength), at: image.questionEnd)
        do {
            composer.begin(.answer)
            let isAltered = try hasForeignBinding(image, reader, view)
            var hasData = false
            var target: DomainName?
            for _ in 0..<image.answerCount {
                let record = try reader.readRecord()
                // An alias's signatures stand right behind it and go with it (RFC 4035 §3.1.1).
                if let target, Self.covered(record, reader.message) != .cname {
                    return goOn(at: target, &chain)
                }
                if isAltered, isOfService(record, reader.message, view) { continue }
                guard
                    chain.flattenedOwner == nil || record.type == query.type
                        || record.type == .cname
                else { continue }
                if record.type == query.type { hasData = true }
                if chain.flattenedOwner == nil || record.type == query.type {
                    composer.append(record, of: reader.message, owner: chain.flattenedOwner)
                }
                guard record.type == .cname, query.type != .cname else { continue }
                let alias = try MessageReader.name(
                    in: reader.message, at: record.rdata.lowerBound)
                watchedName.set(alias)
                if view.localAnswer(watchedName, query.type) != nil { target = alias }
            }
            if let target { return goOn(at: target, &chain) }
            if isAltered, !hasData, chain.flattenedOwner == nil {
                let owner = try MessageReader.name(in: reader.message, at: image.finalName)
                Self.appendEmptiedSOA(owner, &composer)
            }
            try appendRest(image, &reader, query, view, &chain, &composer)
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

    /// Whether one of the answer's service bindings is foreign. `reader` stands before the answer.
    private func hasForeignBinding(
        _ image: borrowing AnswerImageView, _ reader: MessageReader, _ view: View
    ) throws(MessageError) -> Bool {
        guard image.watchedCount > 0 else { return false }
        var reader = reader
        for _ in 0..<image.answerCount {
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

    /// The authority and additional sections of a stored answer, and what its header says.
    private func appendRest(
        _ image: borrowing AnswerImageView, _ reader: inout MessageReader, _ query: Query,
        _ view: View, _ chain: inout Chain, _ composer: inout ResponseComposer
    ) throws(MessageError) {
        if chain.flattenedOwner == nil { composer.begin(.authority) }
        for _ in 0..<image.authorityCount {
            let record = try reader.readRecord()
            if chain.flattenedOwner == nil { composer.append(record, of: reader.message) }
        }
        if chain.flattenedOwner == nil { composer.begin(.additional) }
        for _ in 0..<image.additionalCount {
            let record = try reader.readRecord()
            guard chain.flattenedOwner == nil,
                watchedName.set(reader.message, at: record.ownerOffset),
                !view.claims(watchedName, record.type)
            else {
                chain.isFromOneServer = false
                continue
            }
            composer.append(record, of: reader.message)
        }
        chain.rcode = image.rcode
        options.set(errorOf: image)
        chain.flags |= image.flags & (Header.Flag.authenticData | Header.Flag.truncated)
        if chain.rcode == .nameError, watchedName.set(reader.message, at: image.finalName),
            view.exists(watchedName) || chain.flattenedOwner != nil
        {
            chain.rcode = .noError
            chain.isFromOneServer = false
        }
    }
}
