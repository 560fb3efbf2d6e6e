import DNS

/// Debian's knotd as the public name server, with zones that look like those behind a CDN.
final class KnotUpstream: Sendable {
    let port: UInt16
    private let directory: TemporaryDirectory
    let process: ChildProcess

    /// `zones` are served beside the usual ones: their text by their apex. With `demandsCookies` a
    /// query whose cookie is not the server's gets BADCOOKIE (RFC 7873 §5.2.3). In a `namespace` it is
    /// at all addresses, port 53.
    init(
        zones more: [String: String] = [:], demandsCookies: Bool = false,
        in namespace: NetworkNamespace? = nil
    ) throws {
        directory = try TemporaryDirectory()
        port = namespace == nil ? try freePort() : 53
        var zones: [(apex: String, file: String)] = []
        for (name, text) in PublicZones.files.merging(more, uniquingKeysWith: { $1 }) {
            try directory.write(text, to: name + "zone")
            zones.append((name, directory.file(name) + "zone"))
        }
        try directory.write(
            Self.configuration(
                port: port, directory: directory, zones: zones, demandsCookies: demandsCookies,
                isEverywhere: namespace != nil),
            to: "knot.conf")
        process = try ChildProcess(
            (namespace?.entrance ?? []) + ["/usr/sbin/knotd", "-c", directory.file("knot.conf")],
            output: directory.file("log"))
        let client = Client(server: Endpoint(port: port))
        let answers: @Sendable () -> Bool = {
            eventually {
                (try? client.ask("vanillax.me", .soa, timeout: .milliseconds(200)))?.rcode
                    == .noError
            }
        }
        let started = try namespace?.inside(answers) ?? answers()
        guard started else { throw Failure("knotd did not come up: \(directory.read("log"))") }
    }

    /// The configuration of a knotd that serves these zones, by apex and file, on 127.0.0.1 or all
    /// addresses.
    static func configuration(
        port: UInt16, directory: TemporaryDirectory, zones: [(apex: String, file: String)],
        demandsCookies: Bool = false, isEverywhere: Bool = false
    ) -> String {
        (demandsCookies ? "mod-cookies:\n  - id: default\n    badcookie-slip: 1\n" : "")
            + """
            server:
                rundir: \(directory.path)
                listen: \(isEverywhere ? "[0.0.0.0@\(port), ::@\(port)]" : "127.0.0.1@\(port)")
                udp-workers: 1
                tcp-workers: 1
                background-workers: 1
            log:
              - target: stderr
                any: warning
            database:
                storage: \(directory.path)
            template:
              - id: default
                journal-content: none
                zonefile-sync: -1
                semantic-checks: off
                \(demandsCookies ? "global-module: mod-cookies/default" : "")
            zone:

            """ + zones.map { "  - domain: \($0.apex)\n    file: \($0.file)\n" }.joined()
    }
}

/// What the world outside says.
enum PublicZones {
    static let edge4 = "203.0.113.10"
    static let edge6 = "2001:db8:cd::10"
    /// What the CDN publishes beside A and AAAA. The ECH configuration is only looked at by length.
    static let edgeService =
        "1 . alpn=h3,h2 ipv4hint=\(edge4) ech=\(ech) ipv6hint=\(edge6)"
    private static let ech = "AEX+DQBBhwAgACBQ"

    static let files = [
        "vanillax.me.": vanillax, "example.com.": example, "lab.example.": lab,
    ]

    static func head(_ apex: String) -> String {
        """
        $ORIGIN \(apex)
        $TTL 300
        @ SOA ns1 hostmaster 2026110101 7200 3600 604800 1800
        @ NS ns1
        ns1 A 203.0.113.53

        """
    }

    private static func edge(_ name: String) -> String {
        """
        \(name) A \(edge4)
        \(name) AAAA \(edge6)
        \(name) HTTPS \(edgeService)
        \(name) SVCB \(edgeService)

        """
    }

    /// `argocd` stands by name, for the wildcard does not cover a name that has something below it.
    private static let vanillax =
        head("vanillax.me.") + edge("@") + edge("*") + edge("argocd") + """
            _8443._https.argocd HTTPS \(edgeService)
            _acme-challenge.argocd TXT "dns-01-token"
            argocd TXT "public text"
            @ MX 10 mail
            @ CAA 0 issue "letsencrypt.org"
            @ TXT "v=spf1 mx -all"

            """

    private static let example =
        head("example.com.") + edge("www") + """
            www HTTPS 2 alt.example.com. alpn=h2 port=8443
            alt A 203.0.113.11
            h2only A 203.0.113.12
            h2only HTTPS 1 . alpn=h2
            h3only A 203.0.113.13
            h3only HTTPS 1 . alpn=h3
            quiconly HTTPS 1 . alpn=h3,h3-29 no-default-alpn
            mandatory HTTPS 1 . mandatory=alpn alpn=h3,h2
            mandatoryh3 HTTPS 1 . mandatory=alpn alpn=h3
            service HTTPS 0 www.example.com.
            _dns.resolver SVCB 1 dot.example.com. alpn=doq,dot
            cdn CNAME www
            into CNAME argocd.vanillax.me.
            gone CNAME nowhere.example.com.
            short 0 A 203.0.113.20
            long 3600 A 203.0.113.21

            """ + large

    /// 20 strings of 100 octets: more than 1,232 octets in one RRset.
    private static let large = (0..<20).map { number in
        let digits = (number < 10 ? "0" : "") + String(number)
        return "large TXT \"\(digits)\(String(repeating: "x", count: 98))\"\n"
    }.joined()

    /// A zone without a wildcard: what is not here does not exist in public.
    private static let lab =
        head("lab.example.") + """
            www A 203.0.113.30
            @ MX 10 mail

            """
}
