package import DNS

/// Why a view answers a name and type as it does, aliases not followed. Made from the same tables that
/// answer queries, but apart from the path of a query, which carries no reasons.
package enum Decision: Sendable {
    case zone(ZoneDecision)
    case forward(ForwardDecision)
    /// Names like this one are nobody's: the view has no rule for them.
    case refused
}

/// A zone of the view answers.
package struct ZoneDecision: Sendable {
    package let apex: DomainName
    package let mode: ZoneSettings.Mode
    /// Whether the server has the zone by itself, and not from the configuration.
    package let isBuiltIn: Bool
    /// The way around this server that the zone closes.
    package let bypass: KnownBypass?
    /// The owner name that decides; nil for what no name of the zone matches.
    package let owner: DecidingOwner?
    package let answer: Answer

    package enum Answer: Equatable, Sendable {
        /// Records of the type asked for.
        case records
        /// The name is an alias of this one.
        case alias(RRType, target: DomainName)
        case noData
        case nameError
        /// The name is below a zone cut.
        case referral
    }
}

/// An upstream answers.
package struct ForwardDecision: Sendable {
    /// The rule's domain, and its line.
    package let domain: DomainName
    package let place: ConfigurationPlace?
    package let upstreams: [UpstreamAddress]
    package let httpsRecords: HTTPSRecordPolicy
    /// Whether private addresses are removed.
    package let removesPrivateAddresses: Bool
    /// The zone of the view that has the name's domain, and still does not answer.
    package let passedBy: PassingZone?
}

/// A zone that leaves a name within its domain to an upstream.
package struct PassingZone: Sendable {
    package let apex: DomainName
    package let reason: Reason
    /// The zone's name that lets it go; nil where none has to do with it.
    package var owner: DecidingOwner? {
        switch reason {
        case .handedBack(let owner), .otherType(let owner): owner
        case .noOwner, .rule: nil
        }
    }

    package enum Reason: Sendable {
        /// The word `public` at this owner.
        case handedBack(DecidingOwner)
        /// The owner has an address, and this type is not one that it answers here.
        case otherType(DecidingOwner)
        /// No owner name or wildcard of the zone matches.
        case noOwner
        /// The rule is for a domain inside the zone.
        case rule
    }
}

/// An owner name of a zone that decides about a name.
package struct DecidingOwner: Equatable, Sendable {
    /// Such as `*.example.com`.
    package let name: DomainName
    /// Its line, or that of the records asked for.
    package let place: ConfigurationPlace?
}

/// Why a client gets the view that it gets.
package struct ViewChoice: Sendable {
    package let name: String
    package let place: ConfigurationPlace?
    /// The longest of the view's prefixes with the client's address.
    package let prefix: AddressPrefix
    /// The interface whose network that is; nil when the configuration names it.
    package let interface: String?
}

extension DecidingOwner: CustomStringConvertible {
    package var description: String {
        let text = name.lineDescription
        return place.map { "\(text) (\($0))" } ?? text
    }
}

extension ViewChoice: CustomStringConvertible {
    package var description: String {
        "view \(name) (\(prefix)\(interface.map { " of \($0)" } ?? ""))"
    }
}

extension Decision: CustomStringConvertible {
    /// One line, such as `zone example.com: *.example.com (zones/example.com.yaml:3)`.
    package var description: String {
        switch self {
        case .zone(let zone): zone.description
        case .forward(let forward): forward.description
        case .refused: "no forward rule is for this name"
        }
    }
}

extension ZoneDecision: CustomStringConvertible {
    package var description: String {
        if let bypass { return "bypass-guard: \(bypass) stays off" }
        let zone =
            isBuiltIn ? "built-in zone \(apex.lineDescription)" : "zone \(apex.lineDescription)"
        return "\(zone): \(owner?.description ?? "no such name")"
    }
}

extension ForwardDecision: CustomStringConvertible {
    package var description: String {
        let rule = "forward \(domain.lineDescription)" + (place.map { " (\($0))" } ?? "")
        return passedBy.map { "\(rule), \($0)" } ?? rule
    }
}

extension PassingZone: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .handedBack(let owner): "public by \(owner)"
        case .otherType(let owner): "left to the public zone by \(owner)"
        case .noOwner: "no name of zone \(apex.lineDescription) matches"
        case .rule: "inside zone \(apex.lineDescription)"
        }
    }
}
