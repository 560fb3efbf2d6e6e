import DNS

/// Makes of an upstream's response what is stored and sent on: the chain of aliases in order, the
/// records of the type, the policies applied, TTLs clamped, OPT and whatever does not belong left
/// out. One is kept by each worker.
package final class UpstreamAnswer {
    /// A made answer.
    struct Made {
        /// An encoded `AnswerImage`.
        var image: [UInt8]
        /// Seconds for which it may be stored; 0 for not at all.
        let lifetime: UInt32
        /// What else than the question it denies.
        var denial: Denial?
        /// Who gave it.
        let upstream: Upstream

        /// How far an NXDOMAIN goes.
        enum Denial {
            /// The name has no other type (RFC 2308 §5).
            case name
            /// And there is nothing below it (RFC 8020 §2).
            case subtree
        }

        /// Whether the upstream could not or would not answer; another one may.
        var isRefusal: Bool {
            let image = image
            return AnswerImageView(image.span).rcode.isRefusal
        }

        /// A cut response as the client gets it when the upstream has no TCP: with TC, not stored.
        var passedOn: Made {
            var octets = image
            let flags = AnswerImageView(octets.span).flags | Header.Flag.truncated
            var image = octets.mutableSpan
            image.store(flags, at: 0)
            return Made(image: octets, lifetime: 0, upstream: upstream)
        }
    }

    /// What it has counted since it was made.
    package struct Counters: Sendable {
        /// HTTPS and SVCB records removed or rewritten by the policy for them; those that were
        /// rewritten, and those that were removed because nobody can read them.
        package var changedServiceRecords: UInt64 = 0
        package var rewrittenServiceRecords: UInt64 = 0
        package var malformedServiceRecords: UInt64 = 0
        /// What the rebind protection removed: address records and address hints, and answers to A and
        /// AAAA of which nothing was left.
        package var removedAddresses: UInt64 = 0
        package var emptiedAddressAnswers: UInt64 = 0
        /// Records that did not belong to the question or its chain of aliases.
        package var unrelatedRecords: UInt64 = 0
        /// Answers whose aliases form a loop or too long a chain.
        package var endlessAliases: UInt64 = 0
    }

    private(set) var counters = Counters()

    /// A text longer than this is cut; it has to fit beside the answer.
    private static let maximumErrorText = 200

    // Both leave their owner while they are used.
    private var octets = [UInt8](repeating: 0, count: 65_535)
    /// The answer section's records in the order in which they are written.
    private var order: [Int] = []

    /// Makes it of a response of `upstream`. Throws when that cannot be used.
    func make(
        of response: consuming UpstreamResponse, for question: UpstreamQuestion,
        from upstream: Upstream
    ) throws(MessageError) -> Made {
        // The upper bits are between the upstream and us (RFC 6891 §6.1.3); a client's header has
        // no room for them.
        guard response.rcode.rawValue < 16 else {
            throw .malformedRData(at: response.message.count)
        }
        guard let chain = response.chain(from: question) else {
            return aliasFailure(question, from: upstream)
        }
        response.removeWhatIsUnrelated(to: chain)
        let strangers = response.records.count(where: \.isRemoved)
        var filter = AnswerFilter(question)
        filter.apply(to: &response)
        let isEmptied = response.rcode == .noError && response.isEmptied(chain, question)
        count(filter, isEmptied: isEmptied, asked: question.type)
        // What came with an answer proves of a wildcard's that the name itself does not exist (RFC
        // 4035 §3.1.3.3); it would deny too much beside NODATA.
        if isEmptied { response.remove { $0.proves } }
        // An answer that a policy emptied is as good for as long as the record was.
        let kind = isEmptied ? .positive : response.kind(chain, question)
        var buffer: [UInt8] = []
        swap(&buffer, &octets)
        defer { swap(&buffer, &octets) }
        var draft = AnswerDraft(into: buffer.mutableSpan, question: question, kind: kind)
        var answer: [Int] = []
        swap(&answer, &order)
        defer { swap(&answer, &order) }
        response.answer(chain, question, into: &answer)
        // Those that the chain does not lead to are left out.
        let passedOver = response.records.count(where: { $0.section == .answer }) - answer.count
        counters.unrelatedRecords += UInt64(max(0, strangers + passedOver))
        for index in answer { try draft.append(response.records[index], of: response) }
        for record in response.records where record.section == .authority {
            try draft.append(record, of: response)
        }
        // A policy took all that was asked for: NODATA with SOA, never an error, since NXDOMAIN
        // would deny the addresses too (RFC 8020 §2).
        if isEmptied, !response.hasSOA {
            draft.appendSynthesizedSOA(zone: response.name(at: chain.last))
        }
        for index in response.additional {
            try draft.append(response.records[index], of: response)
        }
        var flags =
            response.header.flags
            & (Header.Flag.authoritativeAnswer | Header.Flag.authenticData | Header.Flag.rcodeMask)
        if filter.hasAltered { flags &= ~Header.Flag.authenticData }
        let own = filter.extendedError(asked: question.type, isEmptied: isEmptied)
        let said = response.rcode.isRefusal ? ExtendedErrorOption.said(response.rcode) : nil
        var made = try draft.finish(
            from: upstream, flags: flags, extendedError: own ?? extendedError(response) ?? said)
        if kind == .negative, response.rcode == .nameError, answer.isEmpty {
            made.denial = isProven(response, flags) ? .subtree : .name
        }
        return made
    }

    /// Whether an NXDOMAIN may be believed for all names below. Only one that the upstream has
    /// validated: others have unsigned zones that deny their empty non-terminals. Nor one of the root's
    /// zone, since resolvers have names of their own site below made-up top-level domains.
    private func isProven(_ response: borrowing UpstreamResponse, _ flags: UInt16) -> Bool {
        guard flags & Header.Flag.authenticData != 0 else { return false }
        let message = response.message
        for record in response.records
        where record.section == .authority && record.type == .soa && !record.isRemoved {
            if message[message.labelOffset(at: record.owner)] != 0 { return true }
        }
        return false
    }

    /// A chain of aliases without an end is an answer for nobody, and asking again gives the same: it
    /// is kept like a SERVFAIL that was sent.
    private func aliasFailure(
        _ question: UpstreamQuestion, from upstream: Upstream
    ) -> Made {
        counters.endlessAliases += 1
        let lifetimes = question.rule.lifetimes
        return Made(
            image: AnswerImage.failure(
                .serverFailure, questionEnd: Header.length + question.name.octets.count + 4,
                extendedError: .endlessAliases),
            lifetime: lifetimes.isOff ? 0 : lifetimes.failures, upstream: upstream)
    }

    private func count(_ filter: AnswerFilter, isEmptied: Bool, asked type: RRType) {
        counters.changedServiceRecords += filter.changedServiceRecords
        counters.rewrittenServiceRecords += filter.rewrittenServiceRecords
        counters.malformedServiceRecords += filter.malformedServiceRecords
        counters.removedAddresses += filter.removedAddresses
        if isEmptied, type == .a || type == .aaaa { counters.emptiedAddressAnswers += 1 }
    }

    /// The upstream's extended error, passed on (RFC 8914 §3).
    private func extendedError(
        _ response: borrowing UpstreamResponse
    ) -> ExtendedErrorOption? {
        let message = response.message
        guard let edns = response.edns,
            let option = try? edns.option(EDNSOption.extendedError, in: message),
            option.count >= 2
        else { return nil }
        let text = message.array(
            option.lowerBound
                + 2..<min(option.upperBound, option.lowerBound + Self.maximumErrorText))
        return ExtendedErrorOption(
            message.uint16(at: option.lowerBound), String(validating: text, as: UTF8.self) ?? "")
    }
}

extension RCode {
    /// Whether a server could not or would not answer; another one may.
    fileprivate var isRefusal: Bool {
        switch self {
        // RFC 6672 §2.2: the name got too long, which is so everywhere.
        case .noError, .nameError, .nameExists: false
        default: true
        }
    }
}

extension ExtendedErrorOption {
    /// The upstream gave no reason.
    static func said(_ rcode: RCode) -> ExtendedErrorOption {
        ExtendedErrorOption(ExtendedError.other, "the upstream said \(rcode)")
    }

    static let endlessAliases = ExtendedErrorOption(
        ExtendedError.other, "the upstream's aliases form a loop or too long a chain")
}
