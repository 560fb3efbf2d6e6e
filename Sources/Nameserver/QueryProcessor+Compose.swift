import DNS

/// Responses that need more than one look-up: aliases in zones, upstream aliases that lead into a
/// zone, referrals, and whatever does not fit its limit.
extension QueryProcessor {
    /// A chain of aliases longer than this ends with what was found so far; resolvers stop at about
    /// as many.
    private static let maximumChainLength = 16

    func compose(
        _ query: Query, _ message: Span<UInt8>, _ view: View, fresh: [FreshAnswer],
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
            if let local = view.localAnswer(name, query.type) {
                let zone = local.zone.kept
                if step == 0 { chain.flags = Header.Flag.authoritativeAnswer }
                chain.isFromOneServer = false
                if chain.isProtected, zone.settings.isBuiltIn, case .records = local.answer {
                    // A public alias for localhost is a private address, too.
                    options.set(.privateAddressesRemoved)
                    if chain.flattenedOwner == nil { composer.appendNegativeSOA(zone) }
                    break
                }
                if followLocal(local.answer, zone, query, &chain, &composer) { continue }
                break
            }
            guard query.type != .any, let rule = view.rule(for: name)?.kept else {
                if query.type != .any, let waiting = view.waitingRule {
                    chain.rcode = .serverFailure
                    options.set(waiting.error)
                }
                break
            }
            let policy = view.policy(for: name, under: rule)
            let key = AnswerKey.Parameters(
                type: query.type, bits: AnswerKey.Bits(query), rule: rule, policy: policy)
            let lookup = lookUp(key, rule, fresh: fresh)
            guard case .found(let stored) = lookup else {
                question = makeQuestion(
                    chain.current, key, rule, policy, view, transport,
                    hasOlderAnswer: lookup == .missing(hasOlder: true))
                return .forward
            }
            if stored.isDue {
                refresh = makeQuestion(
                    chain.current, key, rule, policy, view, transport, hasOlderAnswer: true)
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
            if followStored(stored, query, view, &chain, &composer) { continue }
            break
        }
        if chain.flattenedOwner != nil, !chain.hasData, chain.rcode == .noError,
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
    struct Chain {
        /// The name to resolve next.
        var current: DomainName
        var flags: UInt16 = 0
        var rcode = RCode.noError
        /// Whether all of the answer is one upstream answer, so that its AD bit still holds.
        var isFromOneServer = true
        /// Whether the rebind protection is on for the name that upstream was asked for last.
        var isProtected = false
        /// Whether there are records of the type asked for.
        var hasData = false
        /// The owner of an ALIAS: the addresses found are given as its own.
        var flattenedOwner: DomainName?
        var flatteningZone: Zone?
        /// The smallest TTL of the aliases that are not shown, which bounds that of the addresses.
        var maximumTTL = UInt32.max

        init(current: DomainName) { self.current = current }
    }

    /// Appends what a zone says; true when the chain goes on at another name.
    private func followLocal(
        _ answer: LocalAnswer, _ zone: Zone, _ query: Query, _ chain: inout Chain,
        _ composer: inout ResponseComposer
    ) -> Bool {
        let isFlattened = chain.flattenedOwner != nil
        switch answer {
        case .records(let rrset):
            chain.hasData = true
            composer.begin(.answer)
            composer.append(
                rrset, of: zone, owner: chain.flattenedOwner ?? chain.current,
                maximumTTL: chain.maximumTTL)
        case .cname(let rrset):
            if !isFlattened {
                composer.begin(.answer)
                composer.append(rrset, of: zone, owner: chain.current)
            } else {
                chain.maximumTTL = min(chain.maximumTTL, zone.timeToLive(rrset))
            }
            chain.current = DomainName(uncheckedOctets: zone.firstRData(rrset))
            return true
        case .alias(let rrset):
            chain.flattenedOwner = chain.flattenedOwner ?? chain.current
            chain.flatteningZone = chain.flatteningZone ?? zone
            chain.maximumTTL = min(chain.maximumTTL, zone.timeToLive(rrset))
            chain.current = DomainName(uncheckedOctets: zone.firstRData(rrset))
            return true
        case .dname(let rrset, let owner):
            return followDNAME(rrset, owner, zone, query, &chain, &composer)
        // The owner of an ALIAS exists, and what its target is not tells nothing about it.
        case .noData where isFlattened, .nameError where isFlattened, .referral where isFlattened:
            break
        case .noData: composer.appendNegativeSOA(zone)
        case .nameError:
            chain.rcode = .nameError
            composer.appendNegativeSOA(zone)
        case .referral(let rrset, let cut):
            appendReferral(rrset, cut, zone, &chain, &composer)
        case .elsewhere: break
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
            if chain.flattenedOwner == nil { chain.rcode = .nameExists }
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
}
