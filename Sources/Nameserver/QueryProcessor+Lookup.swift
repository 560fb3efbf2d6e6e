import DNS

/// A stored upstream answer that lies in the processor's scratch.
struct StoredAnswer: Equatable {
    let age: AnswerAge
    /// Whether it is to be asked for anew while the client gets this one.
    var isDue = false
    /// How many labels of the name stand before the one that the answer is about: with 1 or more it is
    /// an NXDOMAIN for a name above, below which there is nothing (RFC 8020 §2).
    var deniedLabel = 0
}

/// What a look-up among the upstream answers came to.
enum StoredLookup: Equatable {
    case found(StoredAnswer)
    /// The question is for an upstream; `hasOlder` when an answer past its lifetime is stored.
    case missing(hasOlder: Bool)
}

/// The look-up of upstream answers: those that this query has waited for, those that are stored, and
/// those past their lifetime while nothing newer can be had.
extension QueryProcessor {
    /// Puts the answer to a question about `name` into `scratch`.
    @inline(__always)
    func lookUp(
        _ key: AnswerKey.Parameters, _ rule: ActiveForwardRule, fresh: [FreshAnswer]
    ) -> StoredLookup {
        if !fresh.isEmpty, let found = find(key, among: fresh) { return .found(found) }
        if let hit = cache.copy(name, key, now: now, to: scratch) {
            return .found(
                StoredAnswer(
                    age: .seconds(hit.age), isDue: hit.isDue && rule.lifetimes.prefetches))
        }
        return lookFurther(key, rule)
    }

    /// The answer that this query has waited for. Answers may be to other names of its chain.
    private func find(
        _ key: AnswerKey.Parameters, among fresh: [FreshAnswer]
    ) -> StoredAnswer? {
        for answer in fresh.reversed()
        where answer.key.parameters == key && name.equals(answer.key.name) {
            let image = answer.image
            scratch.set(image.span)
            return StoredAnswer(age: answer.isStale ? .stale : .seconds(0))
        }
        return nil
    }

    /// There is no good answer to this very question.
    private func lookFurther(
        _ key: AnswerKey.Parameters, _ rule: ActiveForwardRule
    ) -> StoredLookup {
        // A denial of a rule's whole domain, or of one above, is another rule's business.
        if let (hit, label) = cache.copyDenial(name, key, now: now, to: scratch),
            label == 0 || name.labelCount - label > rule.domain.labelCount
        {
            return .found(
                StoredAnswer(
                    age: .seconds(hit.age),
                    isDue: hit.isDue && label == 0 && rule.lifetimes.prefetches,
                    deniedLabel: label))
        }
        counters.cacheMisses &+= 1
        let limit = rule.lifetimes.stale
        guard limit > 0,
            let hit = cache.copyStale(name, key, limit: limit, now: now, to: scratch),
            scratch.isData
        else { return .missing(hasOlder: false) }
        // Nobody is made to wait for what could not be had a moment ago, or for upstreams that do
        // not answer anyone; but they are asked all the same.
        guard !hit.isRecheckDue || rule.isFailing(now: now) else { return .missing(hasOlder: true) }
        if hit.isRecheckDue {
            cache.postponeRecheck(name, key, until: now + Forwarder.staleRecheckInterval)
        }
        return .found(StoredAnswer(age: .stale, isDue: hit.isRecheckDue))
    }

    /// The question about `name` for an upstream; `hasOlderAnswer` when it is for a newer answer than one
    /// that is stored.
    func makeQuestion(
        _ spelledName: DomainName, _ key: AnswerKey.Parameters, _ rule: ActiveForwardRule,
        _ policy: AnswerPolicy, _ view: View, _ transport: ClientTransport, hasOlderAnswer: Bool
    ) -> UpstreamQuestion {
        UpstreamQuestion(
            key: AnswerKey(name: spelledName, parameters: key, hash: cache.hash(name, key)),
            rule: rule, policy: policy, rebindProtection: view.rebindProtection(policy),
            transport: transport, hasOlderAnswer: hasOlderAnswer)
    }

    /// What the client is told about a stored answer: its own extended error, or that it is past its
    /// lifetime (RFC 8914 §4.4, §4.20).
    @inline(__always)
    func setError(of image: borrowing AnswerImageView, _ stored: StoredAnswer) {
        guard stored.age == .stale else { return options.set(errorOf: image) }
        options.set(image.rcode == .nameError ? .staleNameError : .staleAnswer)
    }
}

extension ExtendedErrorOption {
    static let staleAnswer = ExtendedErrorOption(
        ExtendedError.staleAnswer, "no upstream gives a good answer; this is the last one")
    static let staleNameError = ExtendedErrorOption(
        ExtendedError.staleNameError, "no upstream gives a good answer; this is the last one")
}
