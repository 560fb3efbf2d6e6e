import Foundation
import Testing

extension SharingTests {
    /// `horizond audit`, and the audits of the server's own, before a public zone like a CDN's.
    @Suite("audit")
    struct AuditTests {
        private static func configuration(_ upstream: UInt16, _ zone: String) -> String {
            """
            zones:
              vanillax.me: \(zone)
            views:
              lan: {clients: [127.0.0.0/8, 192.168.10.0/24]}
              guests: {clients: [192.168.20.0/24], zones: []}
            forward:
              .: {to: ["127.0.0.1:\(upstream)"], cache: 30}

            """
        }

        private struct Scene {
            let knot: KnotUpstream
            let directory: TemporaryDirectory

            init(_ zone: String, more: String = "") throws {
                knot = try KnotUpstream()
                directory = try TemporaryDirectory()
                try directory.write(
                    AuditTests.configuration(knot.port, zone) + more, to: "horizond.yaml")
            }

            func audit(
                _ arguments: String...
            ) throws -> (lines: [String], status: ChildProcess.ExitStatus) {
                let (output, status) = try run(
                    [try Server.binary, "audit", "--config", directory.file("horizond.yaml")]
                        + arguments)
                let lines = output.replacingOccurrences(of: directory.path + "/", with: "")
                    .split(separator: "\n").map(String.init)
                return (lines, status)
            }
        }

        private static let overlay = "{records: {'*': 192.168.10.50, plex: public}}"

        @Test("the default leaks nothing; a host of the public MX that it hides is named")
        func defaults() throws {
            let (lines, status) = try Scene(Self.overlay).audit()
            #expect(status == .exited(0), "\(lines)")
            #expect(!lines.contains { $0.hasPrefix("LEAK") })
            #expect(
                lines.contains(
                    "ASTRAY  lan  vanillax.me  MX mail.vanillax.me: is 2001:db8:cd::10, "
                        + "203.0.113.10 in public, but 192.168.10.50 here; unless that is meant, "
                        + "write mail: public (horizond.yaml:2)"))
            let hidden = try #require(lines.first { $0.hasPrefix("hidden") })
            #expect(
                hidden.hasPrefix(
                    "hidden  lan  *.vanillax.me  A 203.0.113.10; AAAA 2001:db8:cd::10; HTTPS 1 . "))
            #expect(
                lines.contains(
                    "no leak in 2 names; 1 host of MX or SRV records astray; "
                        + "public records of 1 name hidden"))
            #expect(lines.last?.hasPrefix("Public names that *.vanillax.me covers") == true)
        }

        @Test("an overlay of addresses alone leaks AAAA and, unless a policy takes it, HTTPS")
        func leaks() throws {
            let zone = "{own: [A], records: {'*': 192.168.10.50, argocd: 192.168.10.51}}"
            let (lines, status) = try Scene(zone, more: "https-records: pass\n").audit()
            #expect(status == .exited(1))
            #expect(
                lines.contains(
                    "LEAK  lan  *.vanillax.me  AAAA 2001:db8:cd::10: from the public zone "
                        + "(horizond.yaml:2)"))
            let service = lines.filter { $0.hasPrefix("LEAK  lan  argocd.vanillax.me  ") }
            #expect(service.contains { $0.contains("  HTTPS 1 . alpn=\"h3,h2\"") })
            #expect(service.contains { $0.contains("  _8443._https.argocd.vanillax.me HTTPS 1 .") })
            #expect(
                service.contains {
                    $0.hasSuffix(
                        "advertises HTTP/3, has an ECH key, hints at 203.0.113.10, "
                            + "2001:db8:cd::10 (horizond.yaml:2)")
                })
        }

        @Test("HTTPS records of public names that still advertise HTTP/3 are told")
        func publicNames() throws {
            let scene = try Scene(Self.overlay, more: "https-records: pass\n")
            let (lines, status) = try scene.audit("--view", "lan", "--zone", "vanillax.me")
            #expect(status == .exited(0))
            let told = lines.filter { $0.hasPrefix("h3  lan  plex.vanillax.me  ") }
            #expect(told.count == 2)
            #expect(
                told.allSatisfy {
                    $0.contains("still advertises HTTP/3 under https-records: pass")
                })
        }

        @Test("an alias to a public name is meant, and no leak; a copied record's hints are one")
        func aliases() throws {
            let zone = """
                {records: {store: {type: CNAME, value: www.example.com.}, copy: [{type: A, value: \
                192.168.10.52}, {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: \
                {ipv4hint: 203.0.113.10}}}]}}
                """
            let (lines, status) = try Scene(zone).audit()
            #expect(status == .exited(1))
            #expect(
                lines.filter { $0.hasPrefix("LEAK") } == [
                    "LEAK  lan  copy.vanillax.me  HTTPS 1 . ipv4hint=203.0.113.10: hints at the "
                        + "public address 203.0.113.10 (horizond.yaml:2)"
                ])
        }

        @Test("of many names a sample is taken, and it is said")
        func sample() throws {
            let records = (0..<40).map { "h\($0): 192.168.10.50" }.joined(separator: ", ")
            let (lines, status) = try Scene("{records: {\(records)}}").audit("--limit", "4")
            #expect(status == .exited(0))
            #expect(lines.contains("This was a sample: 4 of 40 names (--limit)."))
            let all = try Scene("{records: {\(records)}}").audit("--limit", "\(Int.max)")
            #expect(all.status == .exited(0) && !all.lines.contains { $0.contains("sample") })
        }

        @Test("what could not be checked is not well; what is not there is wrong usage")
        func unanswered() throws {
            let directory = try TemporaryDirectory()
            try directory.write(
                Self.configuration(try freePort(), "{records: {www: 192.168.10.50}}"),
                to: "horizond.yaml")
            let command = [try Server.binary, "audit", "--config", directory.file("horizond.yaml")]
            let (output, status) = try run(command + ["--json"])
            #expect(status == .exited(1))
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
            #expect((object["unanswered"] as? [Any])?.isEmpty == false)
            #expect((object["leaks"] as? [Any])?.isEmpty == true)
            #expect(try run(command + ["--view", "wan"]).status == .exited(2))
            #expect(try run(command + ["--zone", "example.org"]).status == .exited(2))
        }

        @Test("the server audits itself when told to, after a reload again, and logs one line")
        func timer() throws {
            let site = try Site("control: control.sock\naudit: {every: 1h}\n")
            let line =
                "audit: no leak in 2 names; 1 host of MX or SRV records astray; "
                + "public records of 1 name hidden; first: lan  vanillax.me  MX mail.vanillax.me"
            #expect(eventually(within: .seconds(20)) { site.server.log.contains(line) })
            let tool = try ControlSocket(path: site.server.controlPath)
            let answer = try object(tool.ask(#"{"version":1,"command":"stats"}"#)[0])
            let audit = try #require(answer["audit"] as? [String: Int])
            #expect(
                try abs(Date().timeIntervalSince1970 - Double(#require(audit["lastEnded"]))) < 30)
            #expect(
                audit.filter { $0.key != "lastEnded" } == [
                    "audits": 1, "names": 2, "leaks": 0, "misdirected": 1, "advertised": 0,
                    "hidden": 1, "unanswered": 0,
                ])
            #expect(
                try site.server.command("stats").output.contains(
                    #/audit +2 names asked for \d+ s ago: 0 leaks, 1 astray, 0 h3, 1 hidden, 0 not checked\n/#
                ))
            try site.server.configure(
                Site.configuration(upstream: site.knot.port)
                    .replacingOccurrences(
                        of: "zones/vanillax.me.yaml",
                        with: "{file: zones/vanillax.me.yaml, own: [A]}")
                    + "audit: {every: 1h}\n")
            try site.server.reload()
            #expect(
                eventually(within: .seconds(20)) { site.server.log.contains("audit: 1 leak in ") })
        }
    }
}
