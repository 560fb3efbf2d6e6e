import DNS
import Nameserver

/// What Unbound's `server:` clause says.
struct UnboundServer {
    private let reader: UnboundReader
    private let views: [String: ViewID]

    init(_ reader: UnboundReader, _ views: [String: ViewID]) {
        self.reader = reader
        self.views = views
    }

    func read(_ clause: UnboundReader.Clause) {
        var local = UnboundLocalData(reader, view: nil)
        local.read(clause)
        listen(clause)
        rebindProtection(clause)
        for attribute in clause.attributes {
            switch attribute.name {
            case "access-control": accessControl(attribute)
            case "access-control-view": view(attribute)
            default: break
            }
        }
    }

    private func listen(_ clause: UnboundReader.Clause) {
        let port = clause.first("port")
        let number = port.flatMap { UInt16(decimal: $0.value) } ?? 53
        for attribute in clause.values("interface") + clause.values("ip-address") {
            guard let endpoint = EndpointText.parse(attribute.value, sign: "@", defaultPort: number)
            else {
                reader.site.refuse(
                    attribute.id, "\"listen\" has addresses: write those of the interface")
                continue
            }
            reader.site.listen.append(
                (EndpointText.plain(endpoint.address, port: endpoint.port), attribute.id))
        }
        if let port { reader.site.isSoAnyway(port.id, "it stands with each address of \"listen\"") }
    }

    private func rebindProtection(_ clause: UnboundReader.Clause) {
        let addresses = clause.values("private-address")
        let domains = clause.values("private-domain")
        guard !addresses.isEmpty else {
            for attribute in domains {
                reader.site.isSoAnyway(attribute.id, "nothing is refused without private-address")
            }
            return
        }
        reader.site.protectFromRebinding(
            from: addresses.map(\.id), allowing: domains.map { ($0.value, $0.id) })
        for attribute in addresses {
            reader.site.note(attribute.id, "all private addresses are meant here, not this one")
        }
    }

    /// `access-control: NETWORK ACTION`.
    private func accessControl(_ attribute: UnboundReader.Attribute) {
        guard let prefix = prefix(attribute) else { return }
        let action = attribute.words.count > 1 ? attribute.words[1] : ""
        switch action {
        case "allow", "allow_setrd", "allow_snoop", "allow_cookie":
            reader.site.clients.append((prefix, attribute.id))
        case "deny", "refuse", "deny_non_local", "refuse_non_local":
            reader.site.refusedClients.append((prefix, attribute.id))
        default:
            reader.site.refuse(attribute.id, "no action \(action.quoted) is known")
            // What is not allowed for certain is not allowed.
            reader.site.refusedClients.append((prefix, attribute.id))
        }
    }

    /// `access-control-view: NETWORK VIEW`.
    private func view(_ attribute: UnboundReader.Attribute) {
        guard let prefix = prefix(attribute) else { return }
        guard attribute.words.count > 1, let view = views[attribute.words[1]] else {
            reader.site.refuse(attribute.id, "there is no such view")
            return
        }
        reader.site.views[view].clients.append((prefix, attribute.id))
    }

    private func prefix(_ attribute: UnboundReader.Attribute) -> String? {
        guard let text = attribute.words.first, let prefix = ClientNetwork.text(text) else {
            reader.site.refuse(attribute.id, "\(attribute.value.quoted) is no network")
            return nil
        }
        return prefix
    }
}

/// A network of clients in this configuration's form.
enum ClientNetwork {
    /// `ADDRESS` or `ADDRESS/LENGTH` with the host bits off; nil for what is none.
    static func text(_ text: some StringProtocol) -> String? {
        prefix(text).map { "\($0)" }
    }

    static func prefix(_ text: some StringProtocol) -> AddressPrefix? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let maximum = address.isIPv4 ? 32 : 128
        guard let length = parts.count > 1 ? Int(decimal: parts[1]) : maximum else { return nil }
        return AddressPrefix(containing: address, length: length)
    }
}
