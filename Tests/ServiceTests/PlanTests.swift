import DNS
import Foundation
import Testing

extension ServiceTests {
    /// `horizond plan`: two configurations, and what would change for clients.
    @Suite("plan")
    struct PlanTests {
        private static let configuration = """
            listen: [127.0.0.1:1053]
            zones:
              vanillax.me: zones/vanillax.me.yaml
              lab.home.arpa: {mode: authoritative, records: {nas: 192.168.10.60}}
            views:
              lan: {clients: [127.0.0.0/8, 192.168.10.0/24]}
              guests: {clients: [192.168.20.0/24], zones: []}
            forward:
              .: 192.0.2.1

            """
        private static let zone = "'*': 192.168.10.50\nplex: public\nmail: 192.168.10.25\n"

        /// What `plan` says when both texts are changed so.
        private func plan(
            _ change: (String) -> String = { $0 }, zone changeZone: (String) -> String = { $0 },
            _ arguments: String...
        ) throws -> (lines: [String], status: ChildProcess.ExitStatus) {
            let directory = try TemporaryDirectory()
            try directory.write(Self.configuration, to: "old/horizond.yaml")
            try directory.write(Self.zone, to: "old/zones/vanillax.me.yaml")
            try directory.write(change(Self.configuration), to: "new/horizond.yaml")
            try directory.write(changeZone(Self.zone), to: "new/zones/vanillax.me.yaml")
            let (output, status) = try run(
                [
                    try Server.binary, "plan", "--from", directory.file("old/horizond.yaml"),
                    "--config", directory.file("new/horizond.yaml"),
                ] + arguments)
            let lines = output.replacingOccurrences(of: directory.path + "/", with: "")
                .split(separator: "\n").map { line in
                    // The columns' widths are of no interest.
                    line.split(separator: " ").joined(separator: " ")
                }
            return (lines, status)
        }

        @Test("a changed gateway is one line, and nothing is said of what stays")
        func gateway() throws {
            let (lines, status) = try plan(zone: {
                $0.replacingOccurrences(of: "10.50", with: "10.51")
            })
            #expect(
                lines == [
                    "lan *.vanillax.me A 192.168.10.50 → 192.168.10.51 new/zones/vanillax.me.yaml:1",
                    "1 answer changes, 1 view, 0 listeners, 0 other settings",
                ])
            #expect(status == .exited(0))
        }

        @Test("the same answers from another text are no change, and --exit-code says so")
        func nothing() throws {
            let (lines, status) = try plan(
                zone: { _ in
                    "mail: [192.168.10.25]\nplex: public\n'*': {type: A, ttl: 60, values: "
                        + "[192.168.10.50]}\n"
                }, "--exit-code")
            #expect(lines == ["Nothing changes."])
            #expect(status == .exited(0))
            let changed = try plan(
                zone: { $0.replacingOccurrences(of: "10.50", with: "10.51") }, "--exit-code")
            #expect(changed.status == .exited(1))
        }

        @Test("`public` gives a name back with all its types")
        func handedBack() throws {
            let (lines, _) = try plan(zone: {
                $0.replacingOccurrences(of: "mail: 192.168.10.25", with: "mail: public")
            })
            #expect(
                lines.prefix(2) == [
                    "lan mail.vanillax.me A 192.168.10.25 → asked upstream "
                        + "new/zones/vanillax.me.yaml:3",
                    "lan mail.vanillax.me AAAA SVCB HTTPS no data → asked upstream "
                        + "new/zones/vanillax.me.yaml:3",
                ])
        }

        @Test("a removed zone, clients of another view, a rule, an address and a restart")
        func settings() throws {
            let (lines, _) = try plan {
                $0.replacingOccurrences(
                    of: "  lab.home.arpa: {mode: authoritative, records: {nas: 192.168.10.60}}\n",
                    with: ""
                )
                .replacingOccurrences(
                    of: "192.168.20.0/24]", with: "192.168.20.0/24, 192.168.10.128/25]"
                )
                .replacingOccurrences(of: ".: 192.0.2.1", with: ".: 192.0.2.2")
                .replacingOccurrences(of: ":1053]", with: ":1053, 127.0.0.2:1053]")
                    + "workers: 2\n"
            }
            for line in [
                "lan nas.lab.home.arpa A 192.168.10.60 → no such name was old/horizond.yaml:4",
                "lan → guests *.vanillax.me A 192.168.10.50 → asked upstream "
                    + "was old/zones/vanillax.me.yaml:1",
                "server clients 192.168.10.128/25 view lan → view guests",
                "lan zone lab.home.arpa authoritative → none",
                "lan, guests forward . 192.0.2.1:53 → 192.0.2.2:53",
                "server listen 127.0.0.2:1053 none → open",
                "server setting workers auto → 2 (at the next restart)",
            ] {
                #expect(lines.contains(line), "\(line)\n\n\(lines.joined(separator: "\n"))")
            }
            #expect(lines.last?.hasSuffix("2 views, 1 listener, 4 other settings") == true)
        }

        @Test("JSON has every answer; what is beyond the limit is counted")
        func json() throws {
            let change = { (zone: String) in
                zone + (0..<20).map { "h\($0): 192.168.10.\($0)\n" }.joined()
            }
            let (lines, _) = try plan(zone: change, "--json", "--limit", "5")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(lines.joined().utf8))
                    as? [String: Any])
            #expect(object["answerCount"] as? Int == 20)
            #expect(object["leftOut"] as? Int == 15)
            let answers = try #require(object["answers"] as? [[String: Any]])
            #expect(answers.count == 5)
            #expect(answers[0]["name"] as? String == "h0.vanillax.me")
            let after = try #require(answers[0]["after"] as? [String: Any])
            #expect(after["data"] as? [String] == ["192.168.10.0"])
        }

        @Test("a running server compares what it serves with its file as it is now")
        func runningServer() throws {
            let configuration = """
                control: control.sock
                zones: {vanillax.me: zones/vanillax.me.yaml}
                forward: {.: 192.0.2.1}

                """
            let server = try Server(
                configuration, files: ["zones/vanillax.me.yaml": Self.zone])
            func plan() throws -> (output: String, status: ChildProcess.ExitStatus) {
                try run([
                    try Server.binary, "plan", "--config", server.directory.file("horizond.yaml"),
                ])
            }
            #expect(try plan().output == "Nothing changes.\n")
            try server.directory.write(
                Self.zone.replacingOccurrences(of: "10.50", with: "10.51"),
                to: "zones/vanillax.me.yaml")
            #expect(
                try plan().output.hasPrefix(
                    "lan  *.vanillax.me  A  192.168.10.50 → 192.168.10.51  "))
            // Nothing has changed yet.
            #expect(try server.client.ask("a.vanillax.me", .a).data(.a) == ["192.168.10.50"])
            try server.reload()
            #expect(try plan().output == "Nothing changes.\n")
            try server.configure(configuration + "colour: blue\n")
            let bad = try plan()
            #expect(bad.status == .exited(78))
            #expect(bad.output.contains("horizond.yaml:5:1: unknown key \"colour\""))
            try server.stop()
            let none = try plan()
            #expect(none.status == .exited(1))
            #expect(none.output.contains("no server at "))
        }

        @Test("mistakes in the new file are told as `check` tells them")
        func mistakes() throws {
            #expect(try plan({ $0 + "colour: blue\n" }).status == .exited(78))
        }
    }
}
