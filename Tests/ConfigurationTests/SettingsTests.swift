import DNS
import Foundation
import Nameserver
import Testing

@testable import Configuration

@Suite("Every form of every setting")
struct SettingsTests {
    @Test(
        "Addresses with and without a port",
        arguments: [
            ("1.1.1.1", "1.1.1.1:53"), ("1.1.1.1:5300", "1.1.1.1:5300"),
            ("'[2606:4700::1111]:53'", "[2606:4700::1111]:53"),
            ("'[2606:4700::1111]'", "[2606:4700::1111]:53"),
            ("2606:4700::1111", "[2606:4700::1111]:53"),
        ])
    func addresses(text: String, expected: String) throws {
        let configuration = try Site("listen: [\(text)]\nforward: {.: {to: [192.0.2.1]}}").load()
        #expect(configuration.listen.map(\.description) == [expected])
        let view = try onlyView("listen: [127.0.0.9]\nforward: {.: \(text)}")
        #expect(view.forward[0].upstreams.map(\.description) == [expected])
    }

    @Test("One listen address needs no list")
    func oneListenAddress() throws {
        let configuration = try Site("listen: 127.0.0.1:1053\nforward: {}").load()
        #expect(configuration.listen == [ListenAddress(.v4(0x7f00_0001), port: 1053)])
    }

    @Test("Workers, cache size and log")
    func plainSettings() throws {
        let configuration = try Site(
            """
            workers: 4
            cache-size: 512MiB
            log: {errors: false, queries: true}
            forward: {}
            """
        ).load()
        #expect(configuration.workers == 4)
        #expect(configuration.cacheSize == 512 << 20)
        #expect(!configuration.log.errors)
        #expect(configuration.log.queries == QueryLogSettings(which: .all))
        #expect(try Site("workers: auto\nforward: {}").load().workers == nil)
    }

    @Test(
        "The query log is a word, or a mapping with defaults",
        arguments: [
            ("{}", "off"), ("{queries: false}", "off"), ("{queries: off}", "off"),
            ("{queries: true}", "all to journal"), ("{queries: errors}", "errors to journal"),
            ("{queries: {which: off, to: file:q}}", "off"),
            (
                "{queries: {sample: 100, clients: hidden}}",
                "all to journal, one of 100, clients hidden"
            ),
            ("{queries: {which: errors, to: dnstap:/run/tap}}", "errors to dnstap:/run/tap"),
            ("{queries: {to: file:/q}}", "all to file:/q, rotated at 64MiB, 5 kept"),
            (
                "{queries: {to: file:/q, rotate: {size: 1GiB}}}",
                "all to file:/q, rotated at 1GiB, 5 kept"
            ),
            ("{queries: {to: file:/q, rotate: off}}", "all to file:/q, not rotated"),
        ])
    func queryLog(text: String, expected: String) throws {
        let configuration = try Site("log: \(text)\nforward: {}").load()
        #expect(configuration.log.queries.description == expected)
        #expect(configuration.log.errors)
    }

    @Test("A query log to a directory, or below none, is a warning")
    func queryLogObstacle() throws {
        let site = try Site("log: {queries: {to: file:nowhere/q}}\nforward: {}")
        #expect(
            try site.warnings() == [
                "horizond.yaml:1:21: the directory of \"nowhere/q\" does not exist: no queries are "
                    + "logged; expected a file in a directory that the service can write to"
            ])
    }

    @Test("Audits are off unless they have an interval")
    func audits() throws {
        #expect(try Site("forward: {}").load().auditInterval == nil)
        #expect(try Site("audit: off\nforward: {}").load().auditInterval == nil)
        #expect(try Site("audit: {every: 24h}\nforward: {}").load().auditInterval == 86_400)
    }

    @Test("The cache file's path is relative to the configuration")
    func cacheFile() throws {
        #expect(try Site("forward: {}").load().cacheFile == nil)
        let absolute = try Site("cache-file: /var/cache/horizond/cache\nforward: {}").load()
        #expect(absolute.cacheFile == "/var/cache/horizond/cache")
        let relative = try #require(
            try Site("cache-file: state/cache\nforward: {}").load().cacheFile)
        #expect(relative.hasPrefix("/") && relative.hasSuffix("/state/cache"))
    }

    @Test("The control socket is at a path, relative to the configuration, or off")
    func control() throws {
        func setting(_ text: String) throws -> (loaded: ControlSetting, read: ControlSetting?) {
            let site = try Site(text)
            return (try site.load().control, ControlSetting.read(path: site.path("horizond.yaml")))
        }
        #expect(try setting("forward: {}") == (.standard, .standard))
        #expect(try setting("forward: {}\ncontrol: off") == (.off, .off))
        #expect(
            try setting("forward: {}\ncontrol: /run/a.sock")
                == (.path("/run/a.sock"), .path("/run/a.sock")))
        guard case (.path(let path), _) = try setting("control: c.sock\nforward: {}") else {
            Issue.record("no path")
            return
        }
        #expect(path.hasPrefix("/") && path.hasSuffix("/c.sock"))
    }

    @Test("Where the control socket is, is known although the rest has mistakes or is not there")
    func controlAlone() throws {
        let site = try Site("zones: {a.example: missing.yaml}\ncontrol: /run/a.sock\ncolour: 1")
        #expect(ControlSetting.read(path: site.path("horizond.yaml")) == .path("/run/a.sock"))
        #expect(ControlSetting.read(path: site.path("missing.yaml")) == nil)
        let bad = try Site("control: []")
        #expect(ControlSetting.read(path: bad.path("horizond.yaml")) == nil)
    }

    @Test("A cache file that cannot be there is worth a warning, since its place may be made yet")
    func cacheFileObstacle() throws {
        let expected =
            "no cached answers are kept over a restart; "
            + "expected a file in a directory that the service can write to"
        func warnings(_ path: String) throws -> [String] {
            let site = try Site(
                "cache-file: \(path)\nforward: {}", files: ["state/answers": "", "file": ""])
            #expect(try site.load().cacheFile?.hasSuffix(path) == true)
            return try site.warnings()
        }
        #expect(
            try warnings("/nonexistent/dir/cache") == [
                "horizond.yaml:1:13: the directory of \"/nonexistent/dir/cache\" does not exist: "
                    + expected
            ])
        #expect(
            try warnings("file/cache") == [
                "horizond.yaml:1:13: the directory of \"file/cache\" does not exist: \(expected)"
            ])
        #expect(
            try warnings("state") == [
                "horizond.yaml:1:13: \"state\" is a directory: \(expected)"
            ])
        #expect(try warnings("state/answers") == [])
        #expect(try warnings("state/new") == [])
        #expect(try warnings("new") == [])
    }

    @Test("Every limit of TCP connections, and what holds for those that are left out")
    func tcp() throws {
        let all = """
            tcp:
              connections: 100
              connections-per-client: 10
              queries-in-flight: 5
              idle-timeout: 1m
              first-query-timeout: 2s
              write-timeout: 3
              lifetime: 1d
              queued: 64KiB
            forward: {}
            """
        var expected = TCPSettings()
        #expect(try Site("tcp: {}\nforward: {}").load().tcp == expected)
        expected.connections = 100
        #expect(try Site("tcp: {connections: 100}\nforward: {}").load().tcp == expected)
        expected.connectionsPerClient = 10
        expected.queriesInFlight = 5
        expected.idleTimeoutSeconds = 60
        expected.firstQueryTimeoutSeconds = 2
        expected.writeTimeoutSeconds = 3
        expected.lifetimeSeconds = 86_400
        expected.queuedOctets = 64 << 10
        #expect(try Site(all).load().tcp == expected)
    }

    @Test("What the server says about itself, and its cookies")
    func server() throws {
        let silent = try Site("forward: {}").load()
        #expect(silent.server == ServerDescription())
        #expect(silent.server.version == nil && silent.server.nsid.isEmpty)
        #expect(silent.cookies == .ownSecrets)
        let configuration = try Site(
            """
            identity: {version: one, id: two, nsid: "0x00fF"}
            cookies: {file: secrets}
            forward: {}
            """,
            files: [
                "secrets": """
                # the one in use
                000102030405060708090a0b0c0d0e0f

                  0F0E0D0C0B0A09080706050403020100
                """
            ]
        ).load()
        #expect(configuration.server.version == "one")
        #expect(configuration.server.id == "two")
        #expect(configuration.server.nsid == [0, 255])
        let named = try Site(
            "identity: {id: hostname, nsid: hostname, version: hostname}\nforward: {}"
        ).load().server
        #expect(named.id == ProcessInfo.processInfo.hostName)
        #expect(named.nsid == Array(ProcessInfo.processInfo.hostName.utf8))
        #expect(named.version == "hostname")
        #expect(
            try Site("identity: {id: 'hostname'}\nforward: {}").load().server.id == "hostname")
        let keys = [(0..<16).map { UInt8($0) }, (0..<16).reversed().map { UInt8($0) }]
        #expect(configuration.cookies == .shared(keys.compactMap { SipHash.Key($0) }))
        #expect(try Site("cookies: false\nforward: {}").load().cookies == .off)
        #expect(
            try Site("identity: {nsid: text}\nforward: {}").load().server.nsid
                == Array("text".utf8))
    }

    @Test(
        "Sizes",
        arguments: [
            ("1048576", 1 << 20), ("2048KiB", 2 << 20), ("64MiB", 64 << 20), ("1GiB", 1 << 30),
        ])
    func sizes(text: String, octets: Int) throws {
        #expect(try Site("cache-size: \(text)\nforward: {}").load().cacheSize == octets)
    }

    @Test("A view's own forward rules replace those of the same domain and add others")
    func ownRules() throws {
        let views = try Site(
            """
            forward: {.: 192.0.2.1, home.arpa: 192.0.2.2}
            views:
              lan: {clients: [10.0.0.0/8]}
              guest:
                clients: [172.16.0.0/12]
                forward: {.: 192.0.2.3, corp.example: 192.0.2.4}
            """
        ).load().views
        func rules(_ view: ViewDescription) -> [String] {
            view.forward.map { "\($0.domain) \($0.upstreams[0])" }
        }
        #expect(rules(views[0]) == [". 192.0.2.1:53", "home.arpa. 192.0.2.2:53"])
        #expect(
            rules(views[1])
                == [". 192.0.2.3:53", "corp.example. 192.0.2.4:53", "home.arpa. 192.0.2.2:53"])
    }

    @Test("A view's own rules beside the host's nameservers")
    func ownRulesBesideDefault() throws {
        let site = try Site(
            """
            views:
              lan: {clients: [10.0.0.0/8], forward: {home.arpa: 192.0.2.2}}
            """, files: ["resolv.conf": "nameserver 192.0.2.1"])
        let rules = try site.load().views[0].forward
        #expect(rules.map(\.domain.description) == ["home.arpa.", "."])
    }

    @Test("Policies for HTTPS records everywhere, in a view, a zone, a rule and a domain")
    func policies() throws {
        let view = try onlyView(
            """
            https-records: {default: rewrite-h3, www.example.com: pass, "default.": remove}
            zones: {a.example: {records: {}, https-records: rewrite-h3-ech}}
            views:
              lan: {clients: [10.0.0.0/8], https-records: remove}
            forward: {.: {to: 192.0.2.1, https-records: {WWW.example.org.: remove-h3}}}
            """)
        #expect(
            view.serverHTTPSRecords
                == HTTPSRecordRules(
                    defaultPolicy: .rewriteH3,
                    domains: [try name("www.example.com"): .pass, try name("default"): .remove]))
        #expect(view.httpsRecords == HTTPSRecordRules(defaultPolicy: .remove))
        #expect(view.zones[0].settings.httpsRecords.defaultPolicy == .rewriteH3AndECH)
        #expect(view.forward[0].httpsRecords.domains == [try name("www.example.org"): .removeH3])
    }

    @Test("The rebind protection everywhere, and a view's own in its place")
    func rebindProtection() throws {
        let views = try Site(
            """
            rebind-protection:
              allow: [plex.direct, 192.168.7.0/24, "fd00::/8", 10.0.0.1, bücher.example]
            views:
              lan: {clients: [10.0.0.0/8]}
              open: {clients: [11.0.0.0/8], rebind-protection: false}
              strict: {clients: [12.0.0.0/8], rebind-protection: true}
              other: {clients: [13.0.0.0/8], rebind-protection: {allow: [b.example]}}
            forward: {}
            """
        ).load().views
        #expect(
            views.map(\.rebindProtection) == [
                RebindProtection(
                    allowedDomains: [try name("plex.direct"), try name("xn--bcher-kva.example")],
                    allowedPrefixes: [
                        try AddressPrefix(.v4(0xc0a8_0700), length: 24),
                        try AddressPrefix(.v6(0xfd00_0000_0000_0000, 0), length: 8),
                        try AddressPrefix(.v4(0x0a00_0001), length: 32),
                    ]),
                .off, RebindProtection(),
                RebindProtection(allowedDomains: [try name("b.example")]),
            ])
    }

    @Test("The rebind protection is off where nothing says otherwise")
    func rebindProtectionByDefault() throws {
        #expect(try onlyView("forward: {}").rebindProtection == .off)
        #expect(
            try onlyView("rebind-protection: true\nforward: {}").rebindProtection
                == RebindProtection())
    }

    @Test("The bypass guard is on unless the file says otherwise")
    func bypassGuard() throws {
        #expect(try onlyView("forward: {}").hasBypassGuard)
        #expect(try onlyView("bypass-guard: true\nforward: {}").hasBypassGuard)
        #expect(try !onlyView("bypass-guard: false\nforward: {}").hasBypassGuard)
    }

    @Test("Client prefixes: networks, single addresses, IPv4-mapped networks")
    func clients() throws {
        let view = try onlyView(
            """
            views:
              lan:
                clients: [192.168.10.0/24, 192.168.20.7, "fd00::/8", "::1", "::ffff:10.0.0.0/104",
                          0.0.0.0/0]
            forward: {}
            """)
        #expect(
            view.clients.map(\.description) == [
                "192.168.10.0/24", "192.168.20.7/32", "fd00::/8", "::1/128", "10.0.0.0/8",
                "0.0.0.0/0",
            ])
    }
}
