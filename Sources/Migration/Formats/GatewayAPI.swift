import Configuration
import DNS

/// Reads manifests of the Kubernetes Gateway API: the hostnames of routes, with the addresses of the
/// Gateways that they are attached to.
final class GatewayAPIReader {
    var site: ForeignSite
    /// What is taken for a Gateway that has no address of its own here.
    private let fallback: IPAddress?
    private var gateways: [String: Gateway] = [:]
    private var routes: [Route] = []

    private struct Gateway {
        var addresses: [IPAddress] = []
        /// The hostnames of the listeners, by their names.
        var hostnames: [(listener: String, hostname: Hostname)] = []
    }

    private struct Hostname {
        let text: String
        let place: SourcePlace
    }

    private struct Route {
        let node: YAMLNode
        let path: String
        let namespace: String
        let title: String
    }

    init(_ site: ForeignSite, gatewayAddress: IPAddress?) {
        self.site = site
        fallback = gatewayAddress
    }

    private static let routeKinds: Set<String> = ["HTTPRoute", "TLSRoute", "GRPCRoute"]

    /// The objects of a document: one, or those of a list.
    static func objects(_ document: YAMLNode) -> [YAMLNode] {
        document["kind"]?.text?.hasSuffix("List") == true
            ? document["items"]?.items ?? [] : [document]
    }

    func read(_ documents: [YAMLNode], path: String) {
        for object in documents.flatMap(Self.objects) {
            let kind = object["kind"]?.text ?? ""
            let namespace = object["metadata", "namespace"]?.text ?? "default"
            let name = object["metadata", "name"]?.text ?? ""
            if kind == "Gateway" {
                gateway(object, "\(namespace)/\(name)", path: path)
            } else if Self.routeKinds.contains(kind) {
                routes.append(
                    Route(
                        node: object, path: path, namespace: namespace,
                        title: "\(kind) \(namespace)/\(name)"))
            } else {
                let id = site.state(
                    SourcePlace(file: path, line: object.line), "\(kind) \(namespace)/\(name)")
                readOther(object, kind, id)
            }
        }
    }

    /// An object of another kind. What it says of names is not lost from sight.
    private func readOther(_ object: YAMLNode, _ kind: String, _ id: StatementID) {
        let hosts = Self.hosts(object)
        if kind == "TCPRoute" || kind == "UDPRoute" {
            site.refuse(id, "a \(kind) has no hostnames")
        } else if hosts.isEmpty {
            site.isSoAnyway(id, "it has no hostnames")
        } else {
            let names = hosts.joined(separator: ", ")
            site.refuse(
                id, "not of the Gateway API (\(kind)): give \(names) an address in a zone")
        }
    }

    /// The hosts of an Ingress, of an OpenShift Route, or of an Istio VirtualService.
    private static func hosts(_ object: YAMLNode) -> [String] {
        let spec = object["spec"]
        let ofRules = (spec?["rules"]?.items ?? []).compactMap { $0["host"]?.text }
        let own = [spec?["host"]?.text].compactMap { $0 }
        let listed = (spec?["hosts"]?.items ?? []).compactMap(\.text)
        var hosts: [String] = []
        for host in ofRules + own + listed where !hosts.contains(host) { hosts.append(host) }
        return hosts
    }

    private func gateway(_ object: YAMLNode, _ key: String, path: String) {
        var gateway = Gateway()
        for source in ["status", "spec"] where gateway.addresses.isEmpty {
            gateway.addresses = (object[source, "addresses"]?.items ?? [])
                .compactMap { $0["value"]?.text }.compactMap { IPAddress($0) }
        }
        for listener in object["spec", "listeners"]?.items ?? [] {
            guard let hostname = listener["hostname"].flatMap({ Self.hostname($0, path) }) else {
                continue
            }
            gateway.hostnames.append((listener["name"]?.text ?? "", hostname))
        }
        gateways[key] = gateway
    }

    func finish() -> ForeignSite {
        for route in routes { read(route) }
        return site
    }

    private func read(_ route: Route) {
        let parents = route.node["spec", "parentRefs"]?.items ?? []
        let id = site.state(SourcePlace(file: route.path, line: route.node.line), route.title)
        let attached = parents.compactMap { parent -> (Gateway, String?)? in
            guard (parent["kind"]?.text ?? "Gateway") == "Gateway" else { return nil }
            let namespace = parent["namespace"]?.text ?? route.namespace
            let gateway = gateways["\(namespace)/\(parent["name"]?.text ?? "")"]
            return (gateway ?? Gateway(), parent["sectionName"]?.text)
        }
        var addresses: [IPAddress] = []
        for address in attached.flatMap(\.0.addresses) where !addresses.contains(address) {
            addresses.append(address)
        }
        if addresses.isEmpty, let fallback { addresses = [fallback] }
        guard !attached.isEmpty, !addresses.isEmpty else {
            site.refuse(
                id,
                "no address of its Gateway: give the Gateway's manifest with its status "
                    + "(kubectl get gateway -A -o yaml), or --gateway-address")
            return
        }
        var hostnames = (route.node["spec", "hostnames"]?.items ?? [])
            .compactMap { Self.hostname($0, route.path) }
        if hostnames.isEmpty {
            hostnames = attached.flatMap { gateway, section in
                gateway.hostnames.filter { section == nil || $0.listener == section }
                    .map(\.hostname)
            }
        }
        guard !hostnames.isEmpty else {
            site.refuse(id, "neither it nor its listener has a hostname: it is for every name")
            return
        }
        site.isSoAnyway(id, "its hostnames have the Gateway's address")
        for hostname in hostnames { add(hostname, addresses, route) }
    }

    private static func hostname(_ node: YAMLNode, _ path: String) -> Hostname? {
        node.text.map { Hostname(text: $0, place: SourcePlace(file: path, line: node.line)) }
    }

    private func add(_ hostname: Hostname, _ addresses: [IPAddress], _ route: Route) {
        let id = site.state(hostname.place, "\(route.title): \(hostname.text)")
        guard let owner = site.name(hostname.text, in: id) else { return }
        for address in addresses { site.add(owner, address, from: id) }
    }
}
