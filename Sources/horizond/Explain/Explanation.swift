import DNS
import Nameserver

/// What a client gets for a name, and why: the answer of `horizond explain`, as it is printed and as
/// it goes through the control socket.
struct Explanation: Codable, Sendable {
    /// The name asked for, with its final dot.
    let name: String
    let client: String
    /// nil when the client is in no view.
    let view: View?
    var answers: [Answer]
    /// What browsers make of it, a sentence each.
    var verdict: [String]
    /// Whether the running server was asked, which knows its cache and its upstreams.
    let isFromServer: Bool

    struct View: Codable, Sendable {
        let name: String
        /// The longest of its prefixes with the client's address.
        let prefix: String
        /// The interface whose network that is; nil when the configuration names it.
        let interface: String?
        /// Where the view stands, `FILE:LINE`; nil for the view of a configuration without any.
        let place: String?
    }

    /// The answer to one type.
    struct Answer: Codable, Sendable {
        let type: String
        let response: PresentedAnswer
        /// Where it came from: `overlay`, `zone`, `cache`, `upstream` and so on.
        let source: String
        /// The upstream that answered; nil when none was asked.
        let upstream: String?
        let milliseconds: Double
        /// The way to the answer: one step for the name, and one for each alias that leads elsewhere.
        let steps: [Step]
        /// Records from upstream that a policy removed or changed, as they were.
        let removed: [PresentedAnswer.Record]
    }

    /// Who decides about one name of the way.
    struct Step: Codable, Equatable, Sendable {
        /// Without its final dot, for people.
        let name: String
        /// `zone`, `forward`, `refused`, or `server` for types that it answers by itself.
        let kind: String
        /// In words, with `FILE:LINE`.
        let reason: String
        /// The line of the record, wildcard, `public` word or forward rule, `FILE:LINE`.
        let place: String?
        /// The zone's apex or the rule's domain.
        let domain: String?
        /// The servers of the rule, with what the running server knows of them.
        var upstreams: [String] = []
        /// What becomes of HTTPS and SVCB records on this way.
        var httpsRecords: String?
    }
}

extension Explanation.Step {
    /// What the server does with a type that is none of records, whoever decides about the name; nil for
    /// others.
    init?(serverFor name: DomainName, _ type: RRType, _ decision: Decision) {
        let said: String
        var zone: ZoneDecision?
        switch (type, decision) {
        case (_, .refused): return nil
        case (.axfr, _), (.ixfr, _): said = "zones are not transferred, to nobody"
        case (.any, .zone(let decision)):
            zone = decision
            said = "\(Decision.zone(decision)); one type of records stands for ANY (RFC 8482)"
        case (.any, .forward): said = "no upstream is asked for ANY: HINFO stands for it (RFC 8482)"
        default:
            guard !type.isData else { return nil }
            said = "\(type) is a type that no record has"
        }
        self.init(
            name: name.lineDescription, kind: zone == nil ? "server" : "zone", reason: said,
            place: zone?.owner?.place?.description, domain: zone?.apex.lineDescription)
    }

    init(_ name: DomainName, _ decision: Decision, state: (UpstreamAddress) -> String?) {
        self.name = name.lineDescription
        reason = "\(decision)"
        switch decision {
        case .zone(let zone):
            kind = "zone"
            place = zone.owner?.place?.description
            domain = zone.apex.lineDescription
        case .forward(let forward):
            kind = "forward"
            place = (forward.passedBy?.owner?.place ?? forward.place)?.description
            domain = forward.domain.lineDescription
            upstreams = forward.upstreams.map { address in
                state(address).map { "\(address) (\($0))" } ?? "\(address)"
            }
            httpsRecords = forward.httpsRecords.rawValue
        case .refused:
            kind = "refused"
            place = nil
            domain = nil
        }
    }
}
