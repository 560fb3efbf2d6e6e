import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("The admin pages")
    struct AdminServerTests {
        private static let token = "0123456789abcdef"

        /// A server whose pages are at a free port of 127.0.0.1; `more` is added to `admin`.
        private static func start(
            _ more: String = "", configuration: String = "forward: {}\n",
            files: [String: String] = [:]
        ) throws -> (server: Server, client: AdminClient) {
            let port = try freePort()
            let server = try Server(
                "admin: {listen: [127.0.0.1:\(port), \"unix:admin.sock\"]\(more)}\n"
                    + configuration, files: files)
            return (server, AdminClient(port: port, server: server))
        }

        private static func socket(of server: Server) -> String {
            server.directory.file("admin.sock")
        }

        // MARK: Pages

        @Test("say how the server is, with fields that tie a browser's hands")
        func pages() throws {
            let (server, client) = try Self.start()
            let health = try client.ask("/health")
            #expect(health.status == 200 && health.body == "ok\n")
            #expect(
                health.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
            #expect(health.headers["x-content-type-options"] == "nosniff")
            #expect(health.headers["cache-control"] == "no-store")
            let ready = try client.ask("/ready")
            #expect(ready.status == 200 && ready.body == "ready\n")
            _ = try server.client.ask("localhost", .a)
            let status = try client.ask("/api/status").json()
            #expect(status["ready"] as? Bool == true)
            #expect((status["problems"] as? [String])?.isEmpty == true)
            #expect(status["views"] as? [String] == ["lan"])
            #expect((status["queries"] as? [String: Any])?["all"] as? Int == 1)
            #expect((status["configurationHash"] as? String)?.isEmpty == false)
            #expect(status["lastReloadOK"] is NSNull && status["lastReloadAt"] is NSNull)
            let now = try #require(status["time"] as? Double)
            let startedAt = try #require(status["startedAt"] as? Double)
            #expect(abs(now - Date().timeIntervalSince1970) < 10)
            #expect(now - startedAt >= 0 && now - startedAt < 60)
            let metrics = try client.ask("/metrics")
            #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(metrics.body.contains("# TYPE "))
        }

        @Test("HEAD has the head alone; other methods and paths have errors")
        func methods() throws {
            let (_, client) = try Self.start()
            let head = try client.ask("/health", method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == "3")
            let post = try client.ask("/health", method: "POST")
            #expect(post.status == 405 && post.headers["allow"] == "GET, HEAD")
            #expect(try client.ask("/nothing").status == 404)
            #expect(try client.ask("/api/explain?name=%zz").status == 400)
            #expect(try client.ask("/api/explain?name=a..b").status == 400)
            #expect(try client.ask("/api/explain").status == 400)
        }

        @Test("explain what a client gets, by default the one who asks")
        func explain() throws {
            let (_, client) = try Self.start(
                configuration: "zones: {lab.example: {records: {www: 192.0.2.10}}}\nforward: {}\n")
            let explanation = try client.ask("/api/explain?name=www.lab.example&type=TXT").json()
            #expect(explanation["client"] as? String == "127.0.0.1")
            let answers = try #require(explanation["answers"] as? [[String: Any]])
            #expect(answers.map { $0["type"] as? String } == ["A", "AAAA", "HTTPS", "TXT"])
            let other = try client.ask("/api/explain?name=a.example&client=198.51.100.1").json()
            #expect(other["client"] as? String == "198.51.100.1" && other["view"] == nil)
        }

        // MARK: Readiness

        @Test(
            "A server is ready once each rule has an upstream that answers, before any client asks")
        func readiness() throws {
            let upstream = try ScriptedUpstream { query in [.init(query.reply())] }
            let silent = try freePort()
            let rules = "lab.example: 127.0.0.1:\(silent)"
            let (server, client) = try Self.start(
                configuration: "forward: {.: 127.0.0.1:\(upstream.port), \(rules)}\n")
            let ready = try client.ask("/ready")
            #expect(ready.status == 503)
            #expect(
                ready.body.hasPrefix("view lan, forward lab.example: 127.0.0.1:\(silent) ")
                    && ready.body.split(separator: "\n").count == 1, "\(ready.body)")
            let status = try client.ask("/api/status").json()
            #expect(status["ready"] as? Bool == false)
            #expect((status["problems"] as? [String])?.count == 1)
            // Names that are here are answered all the same.
            #expect(try client.ask("/ready?without=upstreams").body == "ready\n")
            #expect(try client.ask("/health").status == 200)
            // It answers at last, and is asked all the time.
            let late = try ScriptedUpstream(port: silent) { query in [.init(query.reply())] }
            #expect(try eventually(within: .seconds(5)) { try client.ask("/ready").status == 200 })
            #expect(late.port == silent)
            #expect(try client.ask("/ready").body == "ready\n")
            _ = server
        }

        @Test("Other hosts learn without the token whether a server is ready, and nothing more")
        func readinessForOthers() throws {
            let port = try freePort()
            let client = AdminClient(port: port)
            let server = try Server(
                "admin: {listen: [0.0.0.0:\(port), \"unix:admin.sock\"], token-file: token}\n"
                    + "forward: {secret.example: 127.0.0.1:\(try freePort())}\n",
                files: ["token": Self.token])
            let other = try client.ask("/ready")
            #expect(other.status == 503 && other.body == "not ready\n")
            let reason = "view lan, forward secret.example: 127.0.0.1:"
            let bearer = ["Authorization: Bearer \(Self.token)"]
            let reader = try client.ask("/ready", headers: bearer)
            #expect(reader.status == 503 && reader.body.hasPrefix(reason), "\(reader.body)")
            let local = try AdminClient.ask(
                socket: Self.socket(of: server), "http://localhost/ready")
            #expect(local.status == 503 && local.body.hasPrefix(reason), "\(local.body)")
            #expect(try client.ask("/ready?without=upstreams").body == "ready\n")
        }

        @Test(
            "What /ready is asked in other words is a mistake",
            arguments: [
                "without=upstream", "without", "without=", "upstreams", "x=1",
                "without=upstreams&x=1",
            ])
        func readinessMistakes(query: String) throws {
            let (_, client) = try Self.start()
            let response = try client.ask("/ready?\(query)")
            #expect(response.status == 400)
            #expect(response.body.contains("/ready?without=upstreams"), "\(response.body)")
        }

        // MARK: Access

        @Test("Names that lead here, other sites and origins are kept out")
        func browsers() throws {
            let (_, client) = try Self.start(", hosts: [dns.home.arpa]")
            let rebound = try client.ask("/metrics", host: "evil.example:\(client.port)")
            #expect(rebound.status == 421)
            #expect(try rebound.json()["error"] is String)
            #expect(rebound.body.contains("hosts: [NAME]"))
            #expect(try client.ask("/metrics", host: "dns.home.arpa").status == 200)
            #expect(try client.ask("/metrics", host: "localhost").status == 200)
            for field in ["Sec-Fetch-Site: cross-site", "Origin: http://evil.example"] {
                #expect(try client.ask("/api/status", headers: [field]).status == 403, "\(field)")
            }
        }

        @Test("What changes something needs the Unix socket, or the token")
        func writing() throws {
            let (without, atPort) = try Self.start()
            let refused = try atPort.ask("/api/flush", method: "POST")
            #expect(refused.status == 403 && refused.body.contains("token-file"))
            let path = Self.socket(of: without)
            #expect(
                try AdminClient.ask(socket: path, "-d", "", "http://localhost/api/flush").status
                    == 200)
            let crossing = try AdminClient.ask(
                socket: path, "-d", "", "-H", "Origin: http://evil.example",
                "http://localhost/api/flush")
            #expect(crossing.status == 403)

            let (_, client) = try Self.start(
                ", token-file: token", files: ["token": Self.token + "\n"])
            #expect(try client.ask("/api/flush", method: "POST").status == 401)
            let basic = Data(":\(Self.token)".utf8).base64EncodedString()
            let password = try client.ask(
                "/api/flush", method: "POST", headers: ["Authorization: Basic \(basic)"])
            #expect(password.status == 401)
            let bearer = try client.ask(
                "/api/flush", method: "POST", headers: ["Authorization: Bearer \(Self.token)"])
            #expect(bearer.status == 200 && bearer.body == "{\"removed\":0}\n")
        }

        @Test("Other hosts need the token, which a reload changes")
        func token() throws {
            let port = try freePort()
            let client = AdminClient(port: port)
            let server = try Server(
                "admin: {listen: 0.0.0.0:\(port), token-file: token}\nforward: {}\n",
                files: ["token": Self.token])
            let refused = try client.ask("/metrics")
            #expect(refused.status == 401)
            #expect(refused.headers["www-authenticate"]?.hasPrefix("Basic ") == true)
            #expect(try client.ask("/health").status == 200)
            let basic = Data("admin:\(Self.token)".utf8).base64EncodedString()
            let old = ["Authorization: Basic \(basic)"]
            #expect(try client.ask("/metrics", headers: old).status == 200)
            try server.directory.write("fedcba9876543210\n", to: "token")
            try server.reload()
            #expect(try client.ask("/metrics", headers: old).status == 401)
            let new = ["Authorization: Bearer fedcba9876543210"]
            #expect(try client.ask("/metrics", headers: new).status == 200)
        }

        // MARK: Changes

        @Test("A flush takes out what a name has, and says how much")
        func flush() throws {
            let upstream = try ScriptedUpstream { query in
                [.init(query.reply([try .a(query.question.name.description, "192.0.2.7")]))]
            }
            let (server, _) = try Self.start(
                configuration: "forward: {.: 127.0.0.1:\(upstream.port)}\n")
            for name in ["a.example", "b.a.example", "c.example"] {
                _ = try server.client.ask(name, .a)
            }
            let path = Self.socket(of: server)
            func flush(_ body: String) throws -> (status: Int, body: String) {
                try AdminClient.ask(socket: path, "-d", body, "http://localhost/api/flush")
            }
            #expect(try flush(#"{"name":"a.example","below":true}"#) == (200, "{\"removed\":2}\n"))
            for body in [#"{"nam":"c.example"}"#, "[]", "x", #"{"below":true}"#, #"{"name":1}"#] {
                #expect(try flush(body).status == 400, "\(body)")
            }
            #expect(try flush("{}") == (200, "{\"removed\":1}\n"))
            #expect(server.log.contains("flushed 1 cached answer by the admin socket"))
        }

        @Test("A reload answers at its end, and says what is wrong")
        func reload() throws {
            let (server, client) = try Self.start()
            let path = Self.socket(of: server)
            func reload() throws -> (status: Int, body: String) {
                try AdminClient.ask(socket: path, "-X", "POST", "http://localhost/api/reload")
            }
            let listen = "admin: {listen: [127.0.0.1:\(client.port), \"unix:admin.sock\"]}\n"
            try server.configure(
                listen + "zones: {lab.example: {records: {www: 192.0.2.10}}}\nforward: {}\n")
            #expect(try reload() == (200, "{\"reloaded\":true}\n"))
            // It serves what it said that it does.
            #expect(try server.client.ask("www.lab.example", .a).answer.count == 1)
            try server.configure(listen + "forwrd: {}\n")
            let bad = try reload()
            #expect(bad.status == 422 && bad.body.contains("unknown key"), "\(bad.body)")
            let status = try client.ask("/api/status").json()
            #expect(status["lastReloadOK"] as? Bool == false)
            #expect(status["lastReloadAt"] as? Double != nil)
            #expect(try server.client.ask("www.lab.example", .a).answer.count == 1)
            #expect(server.log.contains("the reload failed"))
        }

        @Test("A reload adds and takes away addresses, and ends the connections of these")
        func moving() throws {
            let (server, client) = try Self.start()
            let request = Array("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            let connected = try client.connect()
            try connected.send(request)
            #expect(try connected.receive(timeout: .seconds(5)) != nil)
            let other = AdminClient(port: try freePort())
            try server.configure("admin: 127.0.0.1:\(other.port)\nforward: {}\n")
            try server.reload()
            #expect(try other.ask("/health").status == 200)
            #expect(throws: (any Error).self) { try client.connect() }
            #expect(!FileManager.default.fileExists(atPath: Self.socket(of: server)))
            #expect(try connected.receiveAll(timeout: .seconds(5)).isEmpty)
            // All interfaces' address takes the place of one of them.
            try server.directory.write(Self.token, to: "token")
            try server.configure(
                "admin: {listen: 0.0.0.0:\(other.port), token-file: token}\nforward: {}\n")
            try server.reload()
            #expect(try other.ask("/metrics").status == 401)
            try server.configure("admin: off\nforward: {}\n")
            try server.reload()
            #expect(throws: (any Error).self) { try other.connect() }
        }

        @Test("A reload that takes its own address away is answered")
        func movingAway() throws {
            let (server, _) = try Self.start()
            try server.configure("admin: off\nforward: {}\n")
            let path = Self.socket(of: server)
            let (status, body) = try AdminClient.ask(
                socket: path, "-X", "POST", "http://localhost/api/reload")
            #expect((status, body) == (200, "{\"reloaded\":true}\n"))
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        // MARK: Addresses

        @Test("The socket is for the owner and the group, and goes with the server")
        func unixSocket() throws {
            let (server, _) = try Self.start()
            let path = Self.socket(of: server)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            #expect(try AdminClient.ask(socket: path, "http://localhost/health") == (200, "ok\n"))
            #expect(try server.stop() == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        @Test("What a dead server left at the path is in nobody's way")
        func staleSocket() throws {
            let (first, client) = try Self.start()
            let path = Self.socket(of: first)
            first.process.signal(SIGKILL)
            _ = try first.process.wait(timeout: .seconds(5))
            #expect(FileManager.default.fileExists(atPath: path))
            let second = try Server(
                "admin: {listen: [127.0.0.1:\(client.port), \"unix:\(path)\"]}\nforward: {}\n")
            #expect(try AdminClient.ask(socket: path, "http://localhost/health").status == 200)
            #expect(second.process.status == nil)
        }

        @Test("An address that is taken costs the pages, not the service, and is tried again")
        func takenPort() throws {
            let port = try freePort()
            let client = AdminClient(port: port)
            var taken: Socket? = try Socket(.tcp, local: Endpoint(port: port))
            try taken?.listen()
            let server = try Server("admin: 127.0.0.1:\(port)\nforward: {}\n")
            #expect(
                server.log.contains(
                    "warning: no admin pages at 127.0.0.1:\(port): Address already in use"),
                "\(server.log)")
            #expect(try server.client.ask("localhost", .a).rcode == .noError)
            taken = nil
            try server.reload()
            #expect(try client.ask("/health").status == 200)
        }

        @Test("An address that no interface has yet is opened all the same")
        func laterAddress() throws {
            let server = try Server(
                "admin: {listen: [\"192.0.2.1:\(try freePort())\", \"[2001:db8::1]:\(try freePort())\"], "
                    + "token-file: token}\nforward: {}\n",
                files: ["token": Self.token])
            #expect(!server.log.contains("no admin pages at"), "\(server.log)")
        }

        @Test(
            "Where nobody named an address, one that is taken is a notice",
            .enabled(if: NetworkNamespace.isPermitted))
        func takenDefault() throws {
            let network = try NetworkNamespace()
            func start() throws -> (log: String, process: ChildProcess, TemporaryDirectory) {
                let directory = try TemporaryDirectory()
                try directory.write(
                    "listen: [127.0.0.1:\(try freePort())]\nforward: {}\n", to: "horizond.yaml")
                let process = try ChildProcess(
                    network.entrance + [
                        try Server.binary, "serve", "--config", directory.file("horizond.yaml"),
                    ], output: directory.file("log"))
                #expect(eventually { directory.read("log").contains(" serves ") })
                return (directory.read("log"), process, directory)
            }
            let first = try start()
            #expect(first.log.contains("notice: admin pages: http://127.0.0.1:8053/"))
            let second = try start()
            #expect(
                second.log.contains(
                    "notice: no admin pages: 127.0.0.1:8053: Address already in use; "),
                "\(second.log)")
            #expect(Server.warnings(in: second.log) == [])
            for server in [first, second] {
                server.process.signal(SIGTERM)
                #expect(try server.process.wait(timeout: .seconds(8)) == .exited(0))
            }
        }
    }
}
