import DNS
import Nameserver

/// Names of a zone that are in another zone, too, whose apex is longer: only that one is asked for them.
extension ConfigurationFile {
    /// Reports what a zone says of such names when it is of no use in any view that sees the zone.
    func reportHiddenNames(in views: [ViewDescription]) {
        var nestings: [ObjectIdentifier: [[Zone]]] = [:]
        for view in views {
            let inner = Self.zonesByOuterZone(view.zones)
            for zone in view.zones {
                let id = ObjectIdentifier(zone)
                nestings[id, default: []].append(inner[id] ?? [])
            }
        }
        for zone in views.flatMap(\.zones) {
            guard let inner = nestings.removeValue(forKey: ObjectIdentifier(zone)) else { continue }
            report(zone, innerZones: inner)
        }
    }

    /// The zones that lie in each zone.
    private static func zonesByOuterZone(_ zones: [Zone]) -> [ObjectIdentifier: [Zone]] {
        let byApex = Dictionary(
            zones.map { ($0.settings.apex, $0) }, uniquingKeysWith: { first, _ in first })
        var inner: [ObjectIdentifier: [Zone]] = [:]
        for zone in zones {
            let labels = zone.settings.apex.labels
            for count in stride(from: 1, through: labels.count, by: 1) {
                let domain = DomainName(labels: labels.dropFirst(count))
                if let outer = domain.flatMap({ byApex[$0] }) {
                    inner[ObjectIdentifier(outer), default: []].append(zone)
                }
            }
        }
        return inner
    }

    /// `innerZones` are those of each view.
    private func report(_ zone: Zone, innerZones: [[Zone]]) {
        // A view without any uses all names.
        guard let first = innerZones.first, innerZones.allSatisfy({ !$0.isEmpty }) else { return }
        for inner in first {
            zone.forEachOwner(atOrBelow: inner.settings.apex) { name, line in
                guard Self.innermost(first, for: name) === inner,
                    innerZones.allSatisfy({ Self.innermost($0, for: name) != nil })
                else { return }
                other(zone.file ?? path).error(
                    line: line,
                    "\(name.lineDescription.quoted) is in the zone "
                        + "\(inner.settings.apex.lineDescription.quoted) of \(Self.place(inner)), "
                        + "so that this is never looked at",
                    expected: "it in that zone, or a view that sees this one alone")
            }
        }
    }

    private static func innermost(_ zones: [Zone], for name: DomainName) -> Zone? {
        zones.filter { name.isAtOrBelow($0.settings.apex) }
            .max { $0.settings.apex.labelCount < $1.settings.apex.labelCount }
    }

    private static func place(_ zone: Zone) -> String {
        zone.place.map { "\($0.file):\($0.line)" } ?? "this server"
    }
}
