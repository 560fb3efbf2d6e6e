import DNS
import Nameserver

// Domain names as keys and in lists.
extension ConfigurationFile {
    /// The entries with their keys as domain names; two spellings of one name are duplicates.
    /// `takesRoot` as for `domain`.
    func domains(
        _ entries: [YAMLEntry], what: String, takesRoot: Bool = false
    ) -> [(domain: DomainName, entry: YAMLEntry)] {
        var first: [DomainName: YAMLScalar] = [:]
        return distinct(entries).compactMap { entry in
            guard let domain = domain(entry.key, what: what, takesRoot: takesRoot) else {
                return nil
            }
            if let other = first[domain] {
                error(
                    entry.key.mark,
                    "two \(what)s of one name: \(entry.key.text.quoted) is "
                        + "\(other.text.quoted) of line \(other.mark.line)")
                return nil
            }
            first[domain] = entry.key
            return (domain, entry)
        }
    }

    /// An absolute domain name, with or without its final dot. Where the root is sensible
    /// (`takesRoot`), it is proposed to whoever means every name.
    func domain(_ scalar: YAMLScalar, what: String, takesRoot: Bool = false) -> DomainName? {
        do {
            let name = try DomainName(scalar.text)
            guard isWithoutWildcard(name, scalar, what: what, takesRoot: takesRoot),
                isWithoutSlash(name, scalar, what: what),
                isWithoutBlank(name, scalar, what: what)
            else { return nil }
            return name
        } catch {
            let isMeantAsRoot = takesRoot && error == .empty
            self.error(
                scalar.mark, "bad \(what) name \(scalar.text.quoted): \(error)",
                expected: isMeantAsRoot ? Self.domainOrRoot : "a domain name",
                suggestion: isMeantAsRoot ? Self.root : nil)
            return nil
        }
    }

    private static let root = "\".\""
    private static let domainOrRoot = "a domain name, or \(root), which stands for every name"

    /// A domain stands for itself and all below it, so a wildcard in it is meant otherwise.
    private func isWithoutWildcard(
        _ name: DomainName, _ scalar: YAMLScalar, what: String, takesRoot: Bool
    ) -> Bool {
        let labels = name.labels
        let wildcards = labels.indices.filter { labels[$0].elementsEqual("*".utf8) }
        guard !wildcards.isEmpty else { return true }
        let problem = "a wildcard in the \(what) name \(scalar.text.quoted)"
        guard labels.count > 1 else {
            error(
                scalar.mark, problem, expected: takesRoot ? Self.domainOrRoot : "a domain name",
                suggestion: takesRoot ? Self.root : nil)
            return false
        }
        let rest = wildcards == [labels.startIndex] ? DomainName(labels: labels.dropFirst()) : nil
        error(
            scalar.mark, problem, expected: "a name, which stands for all below it too",
            suggestion: rest.map(\.textWithoutFinalDot.quoted))
        return false
    }

    /// A slash stands between digits in the labels of RFC 2317, which are never the last one:
    /// `0/25.2.0.192.in-addr.arpa`. Elsewhere the name is in another server's form or that of a
    /// network, and would match nothing.
    private func isWithoutSlash(
        _ name: DomainName, _ scalar: YAMLScalar, what: String
    ) -> Bool {
        let labels = name.labels
        let isGood = labels.indices.allSatisfy { index in
            !labels[index].contains(Self.slash)
                || index < labels.count - 1 && Self.isOfClasslessDelegation(labels[index])
        }
        guard !isGood else { return true }
        let problem = "a slash in the \(what) name \(scalar.text.quoted)"
        if let network = Self.network(scalar.text) {
            error(
                scalar.mark, problem,
                expected: "the domains of a network's addresses, such as 168.192.in-addr.arpa "
                    + "for 192.168.0.0/16",
                suggestion: network.reverseDomain?.textWithoutFinalDot.quoted)
        } else {
            error(
                scalar.mark, problem, expected: "a domain name",
                suggestion: Self.name(betweenSlashes: scalar.text)?.quoted)
        }
        return false
    }

    private static let slash = UInt8(ascii: "/")

    /// Whether a label is `0/25` or the like (RFC 2317 §4).
    private static func isOfClasslessDelegation(_ label: ArraySlice<UInt8>) -> Bool {
        let parts = label.split(separator: slash, omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0 &- 0x30 < 10 } }
    }

    /// The network that `ADDRESS/LENGTH` names, with host bits set or not.
    private static func network(_ text: String) -> AddressPrefix? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]),
            let length = Int(decimal: parts[1])
        else { return nil }
        do {
            return try AddressPrefix(address, length: length)
        } catch {
            guard case .hostBits(let network) = error else { return nil }
            return network
        }
    }

    /// The domain in `/foo.org/`, as dnsmasq has it.
    private static func name(betweenSlashes text: String) -> String? {
        let parts = text.split(separator: "/")
        guard parts.count == 1,
            parts[0].allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }),
            IPAddress(parts[0]) == nil, let name = try? DomainName(parts[0]), !name.isRoot
        else { return nil }
        return String(parts[0])
    }

    /// No name of a network has a blank.
    private func isWithoutBlank(_ name: DomainName, _ scalar: YAMLScalar, what: String) -> Bool {
        guard name.labels.contains(where: { $0.contains { $0 <= 0x20 } }) else { return true }
        error(
            scalar.mark, "a blank in the \(what) name \(scalar.text.quoted)",
            expected: "a domain name")
        return false
    }
}

extension AddressPrefix {
    /// The domain of the network's addresses (RFC 1035 §3.5, RFC 3596 §2.5); nil when its length is
    /// not at the end of a label, or 0.
    fileprivate var reverseDomain: DomainName? {
        let (bits, bitsPerLabel) = address.isIPv4 ? (32, 8) : (128, 4)
        guard length > 0, length.isMultiple(of: bitsPerLabel) else { return nil }
        let hosts = (bits - length) / bitsPerLabel
        return DomainName(labels: address.reverseName.labels.dropFirst(hosts))
    }
}

extension DomainName {
    fileprivate var textWithoutFinalDot: String { String(description.dropLast()) }
}
