import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    /// What systemd's protocols ask of the program; the whole in a real systemd is `make test-systemd`.
    @Suite("The service manager")
    struct SystemdTests {
        @Test("A sign of life comes twice in the watchdog's time")
        func watchdog() throws {
            let server = try Server("", environment: ["WATCHDOG_USEC": "400000"])
            server.notifications.forget()
            pause(.milliseconds(1500))
            try server.notifications.drain()
            let beats = server.notifications.messages.filter { $0["WATCHDOG"] == "1" }.count
            #expect((5...8).contains(beats), "\(beats)")
        }

        @Test("Without a watchdog nothing is said")
        func noWatchdog() throws {
            let server = try Server("")
            server.notifications.forget()
            pause(.milliseconds(500))
            try server.notifications.drain()
            #expect(server.notifications.messages.isEmpty)
        }

        @Test("New sockets are given to be kept, and those of a closed address given up")
        func store() throws {
            let server = try Server("workers: 2\n")
            func stored(_ key: String) -> [String] {
                server.notifications.messages.filter { $0[key] == "1" }.compactMap { $0["FDNAME"] }
            }
            let names = ["stored 127.0.0.1_\(server.port)", "stored [__1]_\(server.port)"]
            #expect(stored("FDSTORE") == names)
            try server.directory.write(
                "listen: [\"127.0.0.1:\(server.port)\"]\nadmin: off\nworkers: 2\n",
                to: "horizond.yaml")
            try server.reload()
            #expect(
                try server.notifications.wait(
                    for: "FDSTOREREMOVE", "1", timeout: .seconds(8)))
            #expect(stored("FDSTOREREMOVE") == [names[1]])
            #expect(stored("FDSTORE").isEmpty)
        }

        private static func reload(
            _ server: Server, _ environment: [String: String]
        ) throws -> (status: ChildProcess.ExitStatus, output: String) {
            let output = server.directory.file("reload.log")
            let process = try ChildProcess(
                [try Server.binary, "reload"], environment: environment, output: output)
            let status = try process.wait(timeout: .seconds(5))
            defer { try? server.directory.remove("reload.log") }
            return (status, server.directory.read("reload.log"))
        }

        @Test("`horizond reload` ends with the reload, and fails with it")
        func reload() throws {
            let runtime = try TemporaryDirectory()
            let directory = ["RUNTIME_DIRECTORY": runtime.path]
            let server = try Server(
                "zones: {home.test: zone.yaml}\n", files: ["zone.yaml": "www: 192.0.2.1\n"],
                environment: directory)
            let environment = directory.merging(["MAINPID": "\(server.process.pid)"]) { $1 }
            try server.directory.write("www: 192.0.2.2\n", to: "zone.yaml")
            var result = try Self.reload(server, environment)
            #expect(result.status == .exited(0) && result.output.isEmpty, "\(result)")
            #expect(try server.client.ask("www.home.test", .a).data(.a) == ["192.0.2.2"])
            try server.directory.write("www: 192.0.2.3\nbad: 192.0.2.300\n", to: "zone.yaml")
            result = try Self.reload(server, environment)
            #expect(result.status == .exited(1))
            #expect(result.output.contains("zone.yaml:2:6: bad address"), "\(result.output)")
            #expect(try server.client.ask("www.home.test", .a).data(.a) == ["192.0.2.2"])
            try server.stop()
            result = try Self.reload(server, environment)
            #expect(result.status == .exited(1))
            #expect(result.output.contains("no process"), "\(result.output)")
        }

        @Test("`horizond reload` by hand says what to call")
        func reloadByHand() throws {
            let server = try Server("")
            let result = try Self.reload(server, [:])
            #expect(result.status == .exited(2))
            #expect(result.output.contains("systemctl reload horizond"), "\(result.output)")
        }

        @Test("A secret may be a credential of the service")
        func credential() throws {
            let directory = try TemporaryDirectory()
            try directory.write("cookies: {file: credential:cookies}\n", to: "horizond.yaml")
            func check(_ environment: [String: String]) throws -> String {
                let process = try ChildProcess(
                    [try Server.binary, "check", "-c", directory.file("horizond.yaml")],
                    environment: environment, output: directory.file("output"))
                defer { try? directory.remove("output") }
                _ = try process.wait(timeout: .seconds(5))
                return directory.read("output")
            }
            let place = directory.file("horizond.yaml") + ":1:17: "
            // It is not the service, which alone is passed it.
            #expect(
                try check([:]).hasPrefix(
                    "warning: " + place + "\"credential:cookies\" is passed to the service alone"))
            let (complaint, status) = try run([
                try Server.binary, "serve", "--config", directory.file("horizond.yaml"),
            ])
            #expect(status == .exited(78) && complaint.contains("no credentials are passed"))
            let credentials = ["CREDENTIALS_DIRECTORY": directory.file("credentials")]
            #expect(try check(credentials).hasPrefix(place + "cannot read"))
            try directory.write("0123\n", to: "credentials/cookies")
            #expect(
                try check(credentials).hasPrefix(
                    directory.file("credentials/cookies") + ":1:1: bad secret"))
            try directory.write("000102030405060708090a0b0c0d0e0f\n", to: "credentials/cookies")
            #expect(try check(credentials).contains(": ok"))
        }
    }
}
