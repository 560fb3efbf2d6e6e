package import DNS

/// What a zone says to a name and type.
package enum LocalAnswer: Equatable {
    /// These records.
    case records(RRset)
    /// The name is an alias; its target is to be resolved in the same view (RFC 1034 §3.6.2).
    case cname(RRset)
    /// The name's addresses are those of another name (octoDNS's ALIAS).
    case alias(RRset)
    /// The part of the name from label `owner` on is another name (RFC 6672 §2.2).
    case dname(RRset, owner: Int)
    /// The name exists and has no such records (NODATA, RFC 2308 §2.2).
    case noData
    /// The name does not exist (NXDOMAIN, RFC 2308 §2.1).
    case nameError
    /// The name is below a zone cut at label `cut` (RFC 1034 §4.3.2 step 3b).
    case referral(RRset, cut: Int)
    /// The public zone answers.
    case elsewhere
}

/// What the zone of a view that has the name says.
struct ZoneAnswer {
    let zone: Borrowed<Zone>
    let answer: LocalAnswer
}

extension Zone {
    @inline(__always)
    package func answer(_ name: LookupName, _ type: RRType) -> LocalAnswer {
        switch settings.mode {
        case .overlay: overlayAnswer(name, type)
        case .authoritative: bypass == nil ? authoritativeAnswer(name, type) : .nameError
        }
    }

    /// What `node`, which matches the name itself or as its wildcard, says; nil when it has neither
    /// the type nor a CNAME.
    @inline(__always)
    func answer(at node: ZoneNode, _ flags: ZoneNode.Flags, _ type: RRType) -> LocalAnswer? {
        if flags.contains(.hasCNAME), type != .cname, type != .any,
            let rrset = blocks.rrset(at: node, type: .cname)
        {
            return .cname(rrset)
        }
        // RFC 8482 §4.1: ANY is answered with one of the RRsets.
        if let rrset = blocks.rrset(at: node, type: type == .any ? nil : type) {
            return rrset.type == .alias ? .noData : .records(rrset)
        }
        if flags.contains(.hasALIAS), type == .a || type == .aaaa,
            let rrset = blocks.rrset(at: node, type: .alias)
        {
            return .alias(rrset)
        }
        return nil
    }
}
