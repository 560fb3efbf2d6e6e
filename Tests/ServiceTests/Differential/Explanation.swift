import DNS

/// A reason for which another server may answer otherwise and both be right.
struct Explanation: Sendable {
    let name: String
    let peers: Set<PeerServer.Kind>
    /// Makes of `theirs` what it would be without the difference, if this is the reason for it.
    private let adapt: @Sendable (GeneratedQuestion, ComparedAnswer, inout ComparedAnswer) -> Void

    static let all = [
        additionalAddresses, oneRRset, otherClass, truncation, missingGlue, shortChain,
        growingName, nameTooLong, besideAlias,
    ]

    /// Whether the difference is explained, and by which of all.
    static func explain(
        _ question: GeneratedQuestion, _ ours: ComparedAnswer, _ theirs: ComparedAnswer,
        of peer: PeerServer.Kind
    ) -> (isExplained: Bool, by: [String]) {
        var adapted = theirs
        var names: [String] = []
        for explanation in all where explanation.peers.contains(peer) && adapted != ours {
            let before = adapted
            explanation.adapt(question, ours, &adapted)
            if adapted != before { names.append("\(explanation.name), \(peer.rawValue)") }
        }
        return (adapted == ours, names)
    }

    /// RFC 1034 §4.3.2 step 6 adds what may be useful, and RFC 9471 §3 asks for glue alone: the
    /// addresses of an MX, NS or SRV record's target stay away here, as NSD's
    /// `minimal-responses` has it for all but NS.
    private static let additionalAddresses = Explanation(
        name: "additional addresses", peers: [.knot, .nsd]
    ) { _, ours, theirs in
        let isOfData = !ours.answer.isEmpty && ours.authority.isEmpty && ours.additional.isEmpty
        let areAddresses = theirs.additional.allSatisfy {
            $0.contains(" A ") || $0.contains(" AAAA ")
        }
        if isOfData, areAddresses { theirs.additional = [] }
    }

    /// RFC 8482 §4.1: ANY is answered with one RRset, and it does not say which.
    private static let oneRRset = Explanation(name: "ANY", peers: [.knot, .nsd]) {
        question, ours, theirs in
        guard question.type == .any, ours.chain.count == theirs.chain.count,
            ours.chain.map(\.owner) == theirs.chain.map(\.owner)
        else { return }
        theirs.answer = ours.answer
        theirs.chain = ours.chain
    }

    /// RFC 1035 §3.2.5: class ANY asks for records of every class. There is only IN here, and
    /// nothing but IN is served.
    private static let otherClass = Explanation(name: "class ANY", peers: [.knot, .nsd]) {
        question, ours, theirs in
        if question.rrClass == RRClass.any, ours.rcode == .refused, ours.answer.isEmpty {
            theirs = ours
        }
    }

    /// RFC 2181 §9: where an answer that does not fit is cut is not said, so only that it is.
    private static let truncation = Explanation(name: "truncation", peers: [.knot]) {
        _, ours, theirs in
        guard ours.isTruncated, theirs.isTruncated else { return }
        theirs.takeSections(of: ours)
    }

    /// RFC 9471 §3.1: a referral whose glue does not fit has TC set. It is younger than this NSD.
    private static let missingGlue = Explanation(name: "glue that does not fit", peers: [.nsd]) {
        _, ours, theirs in
        guard ours.isTruncated, !theirs.isTruncated, theirs.authority == ours.authority,
            ours.isReferral, theirs.isReferral, !theirs.additional.isEmpty
        else { return }
        theirs.isTruncated = true
        theirs.additional = ours.additional
    }

    /// RFC 1034 §5.2.2 wants chains of aliases followed and loops noticed; how far is for each to
    /// say. Knot DNS stops after five.
    private static let shortChain = Explanation(name: "chain of aliases", peers: [.knot]) {
        _, ours, theirs in
        let aliases = theirs.chain.filter { $0.type == "CNAME" }.count
        guard aliases == 5, theirs.rcode == .noError, theirs.answer.isSubset(of: ours.answer),
            ours.chain.starts(with: theirs.chain),
            ours.chain.count > theirs.chain.count || ours.isTruncated
        else { return }
        theirs.rcode = ours.rcode
        theirs.isTruncated = ours.isTruncated
        theirs.takeSections(of: ours)
    }

    /// As above, of a DNAME that leads below itself: NSD applies it once.
    private static let growingName = Explanation(name: "growing name", peers: [.nsd]) {
        _, ours, theirs in
        guard let tail = ours.chain.first, tail.type == "DNAME", theirs.chain.count == 2,
            ours.chain.starts(with: theirs.chain), theirs.answer.isSubset(of: ours.answer),
            theirs.rcode == .noError,
            ours.chain.dropFirst(2).allSatisfy({ $0.owner.isAtOrBelow(tail.owner) }),
            ours.chain.count > theirs.chain.count || ours.isTruncated
        else { return }
        theirs.rcode = ours.rcode
        theirs.isTruncated = ours.isTruncated
        theirs.takeSections(of: ours)
    }

    /// RFC 6672 §2.2: YXDOMAIN, here and from NSD, when a DNAME makes a name of more than 255 octets.
    private static let nameTooLong = Explanation(name: "name too long", peers: [.knot]) {
        _, ours, theirs in
        guard ours.rcode == .nameExists, theirs.rcode == .nameError, theirs.answer == ours.answer,
            ours.chain.last?.type == "DNAME", ours.authority.isEmpty
        else { return }
        theirs.rcode = ours.rcode
        theirs.authority = []
    }

    /// RFC 4035 §2.5: RRSIG and NSEC records may stand beside a CNAME, so Knot DNS looks for them
    /// at the alias itself. There are none in a zone that is not signed, and RFC 1034 §3.6.2 follows
    /// the alias for every type but CNAME.
    private static let besideAlias = Explanation(name: "types beside an alias", peers: [.knot]) {
        question, ours, theirs in
        guard question.type == .rrsig || question.type == .nsec,
            ours.chain.dropFirst(theirs.chain.count).first?.type == "CNAME",
            ours.chain.starts(with: theirs.chain), theirs.isNoData
        else { return }
        theirs.rcode = ours.rcode
        theirs.takeSections(of: ours)
    }
}
