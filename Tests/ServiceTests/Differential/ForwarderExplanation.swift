import DNS

/// A reason for which another forwarder may answer otherwise and both be right.
struct ForwarderExplanation: Sendable {
    let name: String
    let peers: Set<ForwarderPeer.Kind>
    /// Makes of `theirs` what it would be without the difference, if this is the reason for it.
    private let adapt: @Sendable (ForwardedQuestion, ForwardedAnswer, inout ForwardedAnswer) -> Void

    static let all = [authoritative, withoutRecursion, minimalAny, chainElsewhere, serviceTargets]

    /// Whether the difference is explained, and by which of all.
    static func explain(
        _ question: ForwardedQuestion, _ ours: ForwardedAnswer, _ theirs: ForwardedAnswer,
        of peer: ForwarderPeer.Kind
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

    /// RFC 1035 §4.1.1: AA speaks of the server that has the zone. What is passed on says what that
    /// one said, as dnsmasq has it; unbound never sets it.
    private static let authoritative = ForwarderExplanation(name: "AA", peers: [.unbound]) {
        _, ours, theirs in
        guard theirs.flags & Header.Flag.authoritativeAnswer == 0 else { return }
        theirs.take(Header.Flag.authoritativeAnswer, of: ours)
    }

    /// RFC 1034 §4.3.1: without RD a server may say what it has at hand. Here the upstream is asked
    /// so too, as dnsmasq does; unbound refuses.
    private static let withoutRecursion = ForwarderExplanation(name: "RD=0", peers: [.unbound]) {
        question, ours, theirs in
        guard !question.wantsRecursion, theirs.rcode == .refused else { return }
        theirs = ours
    }

    /// RFC 8482 §4.2: ANY gets one HINFO record here. The others pass on what the upstream has.
    private static let minimalAny = ForwarderExplanation(
        name: "ANY", peers: [.dnsmasq, .unbound]
    ) { question, ours, theirs in
        guard question.type == .any, ours.rcode == .noError,
            ours.answer.allSatisfy({ $0.contains(" HINFO ") })
        else { return }
        theirs = ours
    }

    /// RFC 1034 §5.3.3 step 4c has a resolver go on where a chain of aliases leaves a zone. That is
    /// the upstream's work for a forwarder; unbound asks it again for the rest of the chain.
    private static let chainElsewhere = ForwarderExplanation(
        name: "chain into another zone", peers: [.unbound]
    ) { _, ours, theirs in
        guard ours.rcode == .noError, ours.authority.isEmpty, !ours.answer.isEmpty,
            ours.answer.allSatisfy({ $0.contains(" CNAME ") || $0.contains(" DNAME ") }),
            theirs.answer.isSuperset(of: ours.answer),
            theirs.answer != ours.answer || !theirs.authority.isEmpty
        else { return }
        theirs.rcode = ours.rcode
        theirs.takeSections(of: ours)
    }

    /// RFC 9460 §4.1 lets a server add the addresses of a service's target. They are passed on; this
    /// unbound leaves out what it does not know to belong to the answer.
    private static let serviceTargets = ForwarderExplanation(
        name: "targets of services", peers: [.unbound]
    ) { question, ours, theirs in
        guard question.type == .svcb || question.type == .https, !ours.answer.isEmpty,
            theirs.additional.isEmpty
        else { return }
        theirs.additional = ours.additional
    }
}
