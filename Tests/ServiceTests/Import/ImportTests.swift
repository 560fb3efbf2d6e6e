import DNS
import Foundation
import Testing

extension ServiceTests {
    @Suite("`horizond import`, and the imported configuration beside the server that it is from")
    struct ImportTests {
        /// Every question gets the same answer from both, with data.
        private static func expectSame(
            _ questions: [(String, [RRType])], _ imported: Client, _ peer: Client,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            for (name, types) in questions {
                for type in types {
                    let ours = try imported.ask(name, type)
                    let theirs = try peer.ask(name, type)
                    #expect(
                        ours.rcode == theirs.rcode, "\(name) \(type)",
                        sourceLocation: sourceLocation)
                    #expect(
                        ours.answeredData == theirs.answeredData, "\(name) \(type)",
                        sourceLocation: sourceLocation)
                    #expect(
                        !ours.answer.isEmpty, "\(name) \(type)", sourceLocation: sourceLocation)
                }
            }
        }

        /// The other server gives the public record, and this one has no data of the type.
        private static func expectLeak(
            _ questions: [(String, [RRType])], _ imported: Client, _ peer: Client,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            for (name, types) in questions {
                for type in types {
                    let theirs = try peer.ask(name, type)
                    #expect(
                        theirs.answer.contains { $0.type == type }, "\(name) \(type) leaks today",
                        sourceLocation: sourceLocation)
                    let ours = try imported.ask(name, type)
                    #expect(ours.rcode == .noError, sourceLocation: sourceLocation)
                    #expect(
                        !ours.answer.contains { $0.type == type }, "\(name) \(type) does not leak",
                        sourceLocation: sourceLocation)
                }
            }
        }

        /// The other server says that there is no such data, and this one has the public record.
        private static func expectFound(
            _ questions: [(String, [RRType])], _ imported: Client, _ peer: Client,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            for (name, types) in questions {
                for type in types {
                    let theirs = try peer.ask(name, type)
                    #expect(
                        theirs.answer.isEmpty, "\(name) \(type)", sourceLocation: sourceLocation)
                    let ours = try imported.ask(name, type)
                    #expect(!ours.answer.isEmpty, "\(name) \(type)", sourceLocation: sourceLocation)
                }
            }
        }

        private static func expectNone(
            _ names: [String], _ imported: Client, _ peer: Client, type: RRType = .a,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            for name in names {
                for client in [imported, peer] {
                    #expect(
                        try client.ask(name, type).rcode == .nameError, "\(name)",
                        sourceLocation: sourceLocation)
                }
            }
        }

        // MARK: The command

        @Test(
            "The command writes no file twice, says what it cannot tell, and prints without --output"
        )
        func command() throws {
            let directory = try TemporaryDirectory()
            try directory.write("address=/a.vanillax.me/192.168.10.50\nport=5300\n", to: "x.conf")
            try directory.write("call mum\n", to: "notes")
            let program = [try Server.binary, "import"]
            let output = ["--output", directory.file("new")]
            let report = ["--report", directory.file("report")]
            let conf = [directory.file("x.conf")]
            let printed = try run(program + conf)
            #expect(printed.status == .exited(0))
            #expect(printed.output.contains("# horizond.yaml\n# Imported from x.conf"))
            #expect(printed.output.contains("# zones/vanillax.me.yaml\n"))
            #expect(printed.output.contains("2 lines: 2 carried over, 1 leak today"))
            let first = try run(program + output + report + conf)
            #expect(first.status == .exited(0), "\(first.output)")
            #expect(first.output.contains("new/horizond.yaml: ok, 1 zone"))
            #expect(directory.read("report").contains("x.conf:1 address=/a.vanillax.me/"))
            let written = directory.read("new/horizond.yaml")
            let second = try run(program + output + conf)
            #expect(second.status == .exited(1))
            #expect(second.output.contains("is there already"))
            let third = try run(program + ["--output", directory.file("report")] + conf)
            #expect(third.output.contains("/report\" is no directory for --output"))
            #expect(directory.read("new/horizond.yaml") == written)
            let unknown = try run(program + [directory.file("notes")])
            #expect(unknown.status == .exited(1) && unknown.output.contains("give --from"))
            #expect(try run(program + ["--from", "mum"] + conf).status == .exited(2))
            #expect(try run(program).status == .exited(2))
        }

        // MARK: dnsmasq

        @Test("dnsmasq's sample has the same names here, without what leaks there")
        func dnsmasq() throws {
            let knot = try KnotUpstream()
            let directory = try TemporaryDirectory()
            let port = try freePort()
            // What needs another machine, privileges or a later version.
            let dropped = [
                "server=9.", "interface=", "except-", "dhcp-range", "dhcp-option", "dnssec",
                "filter-AAAA", "some-future", "interface-name", "stop-dns-rebind", "log-queries",
            ]
            try ImportedServer.copy("dnsmasq", to: directory) { line in
                if dropped.contains(where: line.hasPrefix) { return nil }
                if line.hasPrefix("server=1.") { return "server=127.0.0.1#\(knot.port)" }
                if line.hasPrefix("listen-address") { return "listen-address=127.0.0.1" }
                if line.hasPrefix("port=") { return "port=\(port)" }
                return line.replacing("=dnsmasq.", with: "=\(directory.path)/dnsmasq.")
            }
            let peer = try ImportedPeer.dnsmasq(
                "dnsmasq.conf", port: port, in: directory, probe: "nas.vanillax.me")
            let imported = try ImportedServer(["dnsmasq.conf"], of: directory)
            let (ours, theirs) = (imported.client, peer.client)
            try Self.expectSame(
                [
                    ("apps.vanillax.me", [.a]), ("a.b.apps.vanillax.me", [.a]),
                    ("media.vanillax.me", [.a, .aaaa]), ("x.media.vanillax.me", [.a, .aaaa]),
                    ("tv.vanillax.me", [.a]), ("v6.example.net", [.aaaa]),
                    ("x.v6.example.net", [.aaaa]), ("grafana.home.arpa", [.a]),
                    ("telemetry.example.com", [.a, .aaaa]), ("x.tracker.example.org", [.a, .aaaa]),
                    ("nas.vanillax.me", [.a, .aaaa]), ("nas2.vanillax.me", [.a, .aaaa]),
                    ("printer.lan", [.a]), ("files.vanillax.me", [.a, .aaaa, .cname]),
                    ("backup.vanillax.me", [.a, .cname]), ("archive.vanillax.me", [.a]),
                    ("vanillax.me", [.txt, .mx, .caa]), ("_http._tcp.lan", [.txt]),
                    ("_ldap._tcp.vanillax.me", [.srv]), ("_kerberos._udp", [.srv]),
                    ("_none._tcp.vanillax.me", [.srv]), ("lists.vanillax.me", [.mx]),
                    ("_http._tcp.dns-sd-services", [.ptr]), ("sip.vanillax.me", [.naptr]),
                    ("loc.vanillax.me", [RRType(rawValue: 51)]),
                    ("99.10.168.192.in-addr.arpa", [.ptr]), ("60.10.168.192.in-addr.arpa", [.ptr]),
                    ("61.10.168.192.in-addr.arpa", [.ptr]), ("80.10.168.192.in-addr.arpa", [.ptr]),
                    ("81.10.168.192.in-addr.arpa", [.ptr]), ("pi", [.a]), ("pi.lan", [.a]),
                    ("pi-alias", [.a]), ("pi-alias.lan", [.a]), ("git", [.a]), ("git.lan", [.a]),
                    ("git.vanillax.me", [.a, .aaaa]),
                    (
                        "0.6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.d.f.ip6.arpa",
                        [.ptr]
                    ),
                    // Not overridden: the public zone's on both.
                    ("other.vanillax.me", [.a, .aaaa]),
                ], ours, theirs)
            try Self.expectLeak(
                [
                    ("apps.vanillax.me", [.aaaa, .https, .svcb]),
                    ("a.b.apps.vanillax.me", [.aaaa, .https]), ("tv.vanillax.me", [.aaaa, .https]),
                    ("media.vanillax.me", [.https]), ("nas.vanillax.me", [.https, .svcb]),
                    ("_8443._https.nas.vanillax.me", [.https]), ("git.vanillax.me", [.https]),
                    ("_8443._https.files.vanillax.me", [.https]),
                ], ours, theirs)
            try Self.expectNone(
                ["x.ads.example.com", "x.internal.vanillax.me", "none.lan"],
                ours, theirs)
        }

        // MARK: Pi-hole

        /// What Pi-hole's FTL writes for its dnsmasq from the sample's settings.
        private static func piHole(port: UInt16, upstream: UInt16, in path: String) -> String {
            """
            port=\(port)
            listen-address=127.0.0.1
            bind-interfaces
            no-resolv
            no-hosts
            domain-needed
            expand-hosts
            bogus-priv
            domain=lan
            local=/lan/
            server=127.0.0.1#\(upstream)
            addn-hosts=\(path)/hosts
            addn-hosts=\(path)/custom.list
            conf-file=\(path)/05-pihole-custom-cname.conf
            host-record=pihole.lan,192.168.10.2
            cname=grafana.vanillax.me,argocd.vanillax.me
            cname=movies.vanillax.me,plex.vanillax.me,300
            address=/wild.vanillax.me/192.168.10.50

            """
        }

        @Test("Pi-hole's sample has the same names here, without what leaks there")
        func piHole() throws {
            let knot = try KnotUpstream()
            let directory = try TemporaryDirectory()
            let port = try freePort()
            try ImportedServer.copy("pihole", to: directory) { line in
                line.contains("tls://9.9.9.9")
                    ? nil : line.replacing("127.0.0.1#5335", with: "127.0.0.1#\(knot.port)")
            }
            try directory.write(
                """
                192.168.10.50 plex.vanillax.me argocd.vanillax.me
                192.168.10.51 photos.vanillax.me
                fd00:10::51 photos.vanillax.me
                192.168.10.1 router.lan router

                """, to: "hosts")
            try directory.write(
                Self.piHole(port: port, upstream: knot.port, in: directory.path), to: "ftl.conf")
            let peer = try ImportedPeer.dnsmasq(
                "ftl.conf", port: port, in: directory, probe: "plex.vanillax.me")
            let imported = try ImportedServer(
                ["pihole.toml", "custom.list", "05-pihole-custom-cname.conf"], of: directory)
            let (ours, theirs) = (imported.client, peer.client)
            try Self.expectSame(
                [
                    ("plex.vanillax.me", [.a]), ("argocd.vanillax.me", [.a, .txt]),
                    ("photos.vanillax.me", [.a, .aaaa]), ("router.lan", [.a]), ("router", [.a]),
                    ("pihole.lan", [.a]), ("grafana.vanillax.me", [.a, .cname]),
                    ("movies.vanillax.me", [.a, .cname]), ("files.vanillax.me", [.a, .cname]),
                    ("www.nas.vanillax.me", [.a, .cname]), ("nas.vanillax.me", [.a]),
                    ("nas-old.vanillax.me", [.a]), ("printer", [.a]), ("printer.lan", [.a]),
                    ("wild.vanillax.me", [.a]), ("x.wild.vanillax.me", [.a]),
                    ("50.10.168.192.in-addr.arpa", [.ptr]), ("51.10.168.192.in-addr.arpa", [.ptr]),
                    ("1.10.168.192.in-addr.arpa", [.ptr]), ("2.10.168.192.in-addr.arpa", [.ptr]),
                    ("60.10.168.192.in-addr.arpa", [.ptr]), ("62.10.168.192.in-addr.arpa", [.ptr]),
                    ("other.vanillax.me", [.a, .aaaa]),
                ], ours, theirs)
            try Self.expectLeak(
                [
                    ("plex.vanillax.me", [.aaaa, .https]), ("argocd.vanillax.me", [.aaaa, .https]),
                    ("_8443._https.argocd.vanillax.me", [.https]),
                    ("photos.vanillax.me", [.https]), ("nas.vanillax.me", [.aaaa, .https]),
                    ("grafana.vanillax.me", [.aaaa]), ("wild.vanillax.me", [.aaaa, .https]),
                ], ours, theirs)
            try Self.expectNone(["none.lan"], ours, theirs)
            try Self.expectNone(["77.10.168.192.in-addr.arpa"], ours, theirs, type: .ptr)
        }

        // MARK: Unbound

        @Test("Unbound's sample has the same names here, and what is lost there")
        func unbound() throws {
            let apps = PublicZones.head("apps.vanillax.me.") + "@ TXT \"dns-01-token\"\n"
            let knot = try KnotUpstream(zones: ["apps.vanillax.me.": apps])
            let directory = try TemporaryDirectory()
            let port = try freePort()
            try ImportedServer.copy("unbound", to: directory) { line in
                let dropped = [
                    "192.168.10.2@", "block_a", "tls-cert-bundle", "2606:", "num-threads",
                    "forward-tls-upstream", "private-address",
                ]
                if dropped.contains(where: { line.contains($0) }) { return nil }
                if line.contains("1.1.1.1@853") {
                    return "    forward-addr: 127.0.0.1@\(knot.port)"
                }
                return line.replacing("conf.d/", with: "\(directory.path)/conf.d/")
                    .replacing("port: 5533", with: "port: \(port)")
                    .replacing("verbosity: 1", with: Self.unboundSurroundings)
            }
            let peer = try ImportedPeer(
                ["/usr/sbin/unbound", "-d", "-c", directory.file("unbound.conf")], port: port,
                in: directory, probe: "nas.lan")
            let imported = try ImportedServer(["unbound.conf"], of: directory)
            let (ours, theirs) = (imported.client, peer.client)
            try Self.expectSame(
                [
                    ("apps.vanillax.me", [.a]), ("a.b.apps.vanillax.me", [.a]),
                    ("nas.lan", [.a, .aaaa, .txt]), ("_ldap._tcp.lan", [.srv]),
                    ("60.10.168.192.in-addr.arpa", [.ptr]),
                    (
                        "0.6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.d.f.ip6.arpa",
                        [.ptr]
                    ),
                    ("plain.vanillax.me", [.a]), ("more.vanillax.me", [.a, .mx]),
                    ("host.tt.example.net", [.a]), ("null.example.com", [.a, .aaaa]),
                    ("x.null.example.com", [.a, .aaaa]), ("other.vanillax.me", [.a, .aaaa]),
                ], ours, theirs)
            try Self.expectLeak(
                [("_8443._https.plain.vanillax.me", [.https])], ours, theirs)
            try Self.expectFound([("apps.vanillax.me", [.txt])], ours, theirs)
            try Self.expectNone(
                ["x.ads.example.com", "none.lan"], ours, theirs)
        }

        private static let unboundSurroundings = """
            do-not-query-localhost: no
                do-ip6: no
                username: ""
                chroot: ""
                pidfile: ""
                use-syslog: no
                module-config: "iterator"
            """

        // MARK: A zone file

        @Test("A zone file has the same records here as in Knot DNS")
        func zoneFile() throws {
            let directory = try TemporaryDirectory()
            let port = try freePort()
            try ImportedServer.copy("bind", to: directory)
            // Knot DNS knows no $GENERATE; what it stands for is written out by hand.
            let generated = """
                host-1 A 192.0.2.1
                host-2 A 192.0.2.2
                host-3 A 192.0.2.3
                host-4 A 192.0.2.4
                gen-010 CNAME host-1
                gen-015 CNAME host-1
                gen-020 CNAME host-1

                """
            let lines = directory.read("db.example.org")
                .replacing("db.include inc", with: "db.include inc.example.org.")
                .split(separator: "\n")
                .filter { !["$GENERATE", "chaos", "signed"].contains(where: $0.hasPrefix) }
            try directory.write(
                lines.joined(separator: "\n") + "\n$ORIGIN example.org.\n" + generated,
                to: "zone")
            try directory.write(
                KnotUpstream.configuration(
                    port: port, directory: directory,
                    zones: [("example.org.", directory.file("zone"))]), to: "knot.conf")
            let peer = try ImportedPeer(
                ["/usr/sbin/knotd", "-c", directory.file("knot.conf")], port: port, in: directory,
                probe: "mail.example.org")
            let imported = try ImportedServer(["db.example.org"], of: directory)
            try Self.expectSame(
                [
                    ("example.org", [.soa, .ns, .mx, .txt, .caa]), ("ns1.example.org", [.a]),
                    ("ns2.example.org", [.a, .aaaa]), ("www.example.org", [.a, .cname]),
                    ("web.example.org", [.a, .https]), ("_sip._tcp.example.org", [.srv]),
                    ("sip.example.org", [.naptr]), ("x.y.wild.example.org", [.a]),
                    ("long.example.org", [.txt]), ("dkim._domainkey.example.org", [.txt]),
                    ("ssh.example.org", [.sshfp]), ("_443._tcp.www.example.org", [.tlsa]),
                    ("where.example.org", [.loc]), ("host.example.org", [.hinfo]),
                    ("person.example.org", [.rp]), ("ftp.example.org", [.uri]),
                    ("dn.example.org", [.dname]),
                    ("opaque.example.org", [RRType(rawValue: 65280)]),
                    ("host-1.example.org", [.a]), ("host-4.example.org", [.a]),
                    ("gen-010.example.org", [.a]), ("gen-020.example.org", [.cname]),
                    ("a.inc.example.org", [.a]), ("b.inc.example.org", [.aaaa]),
                    ("after.example.org", [.a]),
                ], imported.client, peer.client)
            try Self.expectNone(
                ["none.example.org", "host-5.example.org"],
                imported.client, peer.client)
        }
    }
}
