package import DNS

/// A name that an overlay of a view decides about.
package struct OverlayName: Equatable, Sendable {
    /// As the zone file has it, such as `*.example.com`.
    package let owner: DomainName
    /// What is asked in its place: of a wildcard a name below its parent.
    package let asked: DomainName
    /// Whether it is handed back to the public zone, and else owned here.
    package let isPublic: Bool
}

extension View {
    /// The apexes of its overlays.
    package var overlays: [DomainName] {
        zones.filter { $0.settings.mode == .overlay }.map(\.settings.apex)
    }

    /// Calls `body` with each name of an overlay that is owned here or handed back, in the order of the
    /// file. `probe` is a name without a zone, to be asked below the parents of wildcards.
    package func forEachName(
        ofOverlay apex: DomainName, probe: DomainName, _ body: (OverlayName) -> Void
    ) {
        let zone = zones.first { $0.settings.mode == .overlay && $0.settings.apex == apex }
        guard let zone else { return }
        let name = LookupName()
        zone.forEachName { owner in
            name.set(owner)
            guard let node = zone.node(name), node.offset != ZoneBlocks.emptyNode,
                let asked = owner.isWildcard ? owner.parent?.prepending(probe) : owner
            else { return }
            let isPublic = zone.blocks.flags(of: node).contains(.isPublic)
            name.set(asked)
            guard isPublic || claims(name, .a) else { return }
            body(OverlayName(owner: owner, asked: asked, isPublic: isPublic))
        }
    }

    /// Whether a zone here has this record for the name, by an owner name or wildcard.
    package func hasRecord(_ owner: DomainName, _ type: RRType, _ rdata: [UInt8]) -> Bool {
        guard let local = localAnswer(LookupName(owner), type),
            case .records(let rrset) = local.answer
        else { return false }
        return local.zone.kept.allRData(rrset).contains(rdata)
    }
}

extension Snapshot {
    /// An address of a client that has the view; nil where none is found, as when the prefixes of other
    /// views cover all of its own.
    package func client(of view: View) -> IPAddress? {
        guard let index = views.firstIndex(where: { $0 === view }) else { return nil }
        let candidates = clients.entries[index].map(\.prefix).flatMap { prefix in
            [prefix.address, prefix.address.next, prefix.last]
        }
        return candidates.first { self.view(for: $0)?.kept === view }
    }
}

extension AddressPrefix {
    /// The last address of the block.
    fileprivate var last: IPAddress {
        switch address {
        case .v4(let bits): .v4(bits | (length == 32 ? 0 : UInt32.max >> UInt32(length)))
        case .v6(let high, let low):
            .v6(
                high | (length >= 64 ? 0 : UInt64.max >> UInt64(length)),
                low | (length >= 128 ? 0 : UInt64.max >> UInt64(max(0, length - 64))))
        }
    }
}

extension IPAddress {
    /// The address behind a network's own.
    fileprivate var next: IPAddress {
        switch self {
        case .v4(let bits): .v4(bits &+ 1)
        case .v6(let high, let low): .v6(high, low &+ 1)
        }
    }
}
