import DNS
import Testing

@testable import Migration

@Suite("Manifests of the Gateway API as kubectl prints them")
struct GatewayTests {
    @Test("A list of Gateways and routes, as YAML, is told by its content and read")
    func list() throws {
        let site = try ImportedSite([
            "all.yaml": """
            apiVersion: v1
            items:
            - apiVersion: gateway.networking.k8s.io/v1
              kind: Gateway
              metadata: {name: internal, namespace: gateway}
              status:
                addresses:
                - {type: IPAddress, value: 192.168.10.50}
            - apiVersion: gateway.networking.k8s.io/v1
              kind: HTTPRoute
              metadata: {name: tv, namespace: apps}
              spec:
                hostnames:
                - tv.vanillax.me
                parentRefs:
                - {name: internal, namespace: gateway}
            kind: List
            """
        ])
        #expect(site.written.contains("  vanillax.me: {records: {tv: 192.168.10.50}}"))
    }

    @Test("The same as JSON")
    func json() throws {
        let site = try ImportedSite(
            [
                "all.json": """
                {
                    "apiVersion": "v1",
                    "items": [
                        {
                            "apiVersion": "gateway.networking.k8s.io/v1",
                            "kind": "HTTPRoute",
                            "metadata": {"name": "tv", "namespace": "apps"},
                            "spec": {
                                "hostnames": ["tv.vanillax.me"],
                                "parentRefs": [{"name": "internal"}]
                            }
                        }
                    ],
                    "kind": "List"
                }
                """
            ], gatewayAddress: .v4(0xc0a8_0a32))
        #expect(site.written.contains("  vanillax.me: {records: {tv: 192.168.10.50}}"))
    }

    @Test(
        "Objects of other kinds that have hosts are not carried over, by the hosts' names",
        arguments: [
            ("Ingress", "rules: [{host: old.vanillax.me}, {http: {}}, {host: new.vanillax.me}]"),
            ("VirtualService", "hosts: [old.vanillax.me, new.vanillax.me]"),
        ])
    func otherKinds(_ kind: String, _ spec: String) throws {
        let site = try ImportedSite(
            [
                "other.yaml": """
                apiVersion: example.org/v1
                kind: \(kind)
                metadata: {name: old}
                spec: {\(spec)}
                """
            ], format: .gateway)
        let lines = site.report.lines
        #expect(lines.first == "not carried over:")
        #expect(
            lines.last?.hasSuffix(
                "\(kind) default/old: not of the Gateway API (\(kind)): give old.vanillax.me, "
                    + "new.vanillax.me an address in a zone") == true, "\(lines)")
    }
}
