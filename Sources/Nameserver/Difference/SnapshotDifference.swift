package import DNS

/// Which views of two snapshots stand for the same clients, so that their answers are to be compared.
package struct SnapshotDifference: Sendable {
    /// What the same clients see, before and after.
    package struct Pair: Sendable {
        package let before: View
        package let after: View

        package var difference: ViewDifference { ViewDifference(from: before, to: after) }
    }

    /// Clients that come to another view; nil is none.
    package struct ClientChange: Equatable, Sendable {
        package let prefix: AddressPrefix
        package let before: String?
        package let after: String?
    }

    /// Views of one name first, in the order of the views before.
    package let pairs: [Pair]
    package let clients: [ClientChange]

    package init(from before: Snapshot, to after: Snapshot) {
        // Views that follow an interface may have no clients just now.
        var numbers = before.views.indices.compactMap { old in
            after.views.firstIndex { $0.name == before.views[old].name }.map { [old, $0] }
        }
        var changes: [ClientChange] = []
        for prefix in Self.prefixes(before, after) {
            let (old, new) = (before.viewIndex(of: prefix), after.viewIndex(of: prefix))
            let names = (old.map { before.views[$0].name }, new.map { after.views[$0].name })
            if names.0 != names.1 {
                changes.append(ClientChange(prefix: prefix, before: names.0, after: names.1))
            }
            if let old, let new, !numbers.contains([old, new]) { numbers.append([old, new]) }
        }
        pairs = numbers.map { Pair(before: before.views[$0[0]], after: after.views[$0[1]]) }
        clients = changes
    }

    /// The prefixes of all views, each once, in their order.
    private static func prefixes(_ snapshots: Snapshot...) -> [AddressPrefix] {
        var seen: Set<AddressPrefix> = []
        return snapshots.flatMap { $0.clients.entries.joined().map(\.prefix) }
            .filter { seen.insert($0).inserted }
    }
}

extension Snapshot {
    /// The view of the clients in this prefix that are in no longer one.
    fileprivate func viewIndex(of prefix: AddressPrefix) -> Int? {
        var longest: (length: Int, view: Int)?
        for (index, entries) in clients.entries.enumerated() {
            for other in entries.map(\.prefix)
            where other.length <= prefix.length && other.contains(prefix.address) {
                if other.length > longest?.length ?? -1 { longest = (other.length, index) }
            }
        }
        return longest?.view
    }
}

extension View {
    /// What becomes of HTTPS and SVCB records from upstream for this name.
    package func httpsRecordPolicy(for name: DomainName) -> HTTPSRecordPolicy {
        policies.policy(for: LookupName(name))
    }
}
