import DNS
import Foundation
import Glibc
import Testing

extension SharingTests {
    @Suite("The cache's file")
    struct CacheFileTests {
        private let name = "www.example.net"

        private static func configuration(_ path: String, upstream: ScriptedUpstream) -> String {
            "cache-file: \(path)\nforward: {.: \"127.0.0.1:\(upstream.port)\"}\n"
        }

        @Test("After a restart what was asked before is answered from the file, and is older")
        func restart() throws {
            let directory = try TemporaryDirectory()
            let path = directory.file("cache")
            let upstream = try ScriptedUpstream.answering()
            let configuration = Self.configuration(path, upstream: upstream)
            let first = try Server(configuration)
            #expect(first.log.contains("no cached answers in \(path) yet"))
            #expect(try first.client.ask(name, .a).answer.map(\.ttl) == [30])
            #expect(try first.stop() == .exited(0))
            #expect(first.log.contains("saved 1 cached answer to \(path)"))
            #expect(try Self.files(in: directory) == ["cache"])
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)

            pause(.milliseconds(2100))
            let second = try Server(configuration)
            #expect(second.log.contains("loaded 1 cached answer from \(path)"))
            let answer = try #require(try second.client.ask(name, .a).answer.first)
            #expect((20...28).contains(answer.ttl), "\(answer.ttl)")
            #expect(try upstream.received(name).count == 1)
            #expect(try second.stop() == .exited(0))
        }

        @Test("A crash keeps what was cached five seconds before, and forgets what was flushed")
        func crash() throws {
            let directory = try TemporaryDirectory()
            let upstream = try ScriptedUpstream.answering()
            let configuration =
                Self.configuration(directory.file("cache"), upstream: upstream)
                + "control: control.sock\n"
            let first = try Server(configuration)
            let flushed = ["flushed.example.net", "also.example.net"]
            for name in flushed + [name] { _ = try first.client.ask(name, .a) }
            #expect(eventually(within: .seconds(10)) { !directory.read("cache").isEmpty })
            let before = directory.read("cache")
            for name in flushed {
                #expect(try first.command("flush", name).status == .exited(0))
            }
            // Without them it would be written again in ten seconds.
            pause(.seconds(1))
            #expect(directory.read("cache") != before)
            first.process.signal(SIGKILL)
            #expect(try first.process.wait(timeout: .seconds(5)) == .signalled(SIGKILL))
            let second = try Server(configuration)
            #expect(second.log.contains("loaded 1 cached answer from"), "\(second.log)")
            _ = try second.client.ask(name, .a)
            #expect(try upstream.received(name).count == 1)
            // Until it has proved itself it is there under another name.
            #expect(try Self.files(in: directory) == ["cache.loading"])
            #expect(
                try eventually(within: .seconds(10)) {
                    try Self.files(in: directory) == ["cache"]
                })
            #expect(try second.stop() == .exited(0))
        }

        @Test("A file whose loading may have been the crash is not loaded again, but kept")
        func suspect() throws {
            let directory = try TemporaryDirectory()
            let path = directory.file("cache")
            let upstream = try ScriptedUpstream.answering()
            let configuration = Self.configuration(path, upstream: upstream)
            let first = try Server(configuration)
            _ = try first.client.ask(name, .a)
            #expect(try first.stop() == .exited(0))
            // A stop at once is none.
            let second = try Server(configuration)
            #expect(try second.stop() == .exited(0))
            #expect(try Self.files(in: directory) == ["cache"])
            let third = try Server(configuration)
            #expect(third.log.contains("loaded 1 cached answer"))
            third.process.signal(SIGKILL)
            #expect(try third.process.wait(timeout: .seconds(5)) == .signalled(SIGKILL))
            let fourth = try Server(configuration)
            #expect(fourth.log.contains("they are in \(path).suspect now"), "\(fourth.log)")
            _ = try fourth.client.ask(name, .a)
            #expect(try upstream.received(name).count == 2)
            #expect(try fourth.stop() == .exited(0))
            #expect(try Self.files(in: directory) == ["cache", "cache.suspect"])
        }

        @Test("A file that is none, or a damaged one, costs a line in the log and nothing else")
        func damaged() throws {
            let directory = try TemporaryDirectory()
            let path = directory.file("cache")
            let upstream = try ScriptedUpstream.answering()
            let configuration = Self.configuration(path, upstream: upstream)
            try directory.write("not a cache", to: "cache")
            let first = try Server(configuration)
            #expect(
                first.log.contains("no cached answers loaded: \(path) is not a file of cached"))
            _ = try first.client.ask(name, .a)
            #expect(try first.stop() == .exited(0))
            // It is somebody's; whose place is empty gets a file.
            #expect(directory.read("cache") == "not a cache")
            try directory.remove("cache")
            let other = try Server(configuration)
            _ = try other.client.ask(name, .a)
            #expect(try other.stop() == .exited(0))

            var octets = try Data(contentsOf: URL(fileURLWithPath: path))
            octets[octets.count / 2] ^= 1
            try octets.write(to: URL(fileURLWithPath: path))
            let second = try Server(configuration)
            #expect(second.log.contains("no cached answers loaded: \(path) is damaged"))
            _ = try second.client.ask(name, .a)
            #expect(try upstream.received(name).count == 3)
            #expect(try second.stop() == .exited(0))
        }

        @Test("Where no file can be written, the server starts and stops all the same")
        func unwritable() throws {
            let directory = try TemporaryDirectory()
            let path = directory.file("nowhere/cache")
            let upstream = try ScriptedUpstream.answering()
            let server = try Server(Self.configuration(path, upstream: upstream))
            let obstacle = "the directory of \"\(path)\" does not exist: no cached answers are kept"
            #expect(server.log.components(separatedBy: obstacle).count == 2)
            #expect(!server.log.contains("no cached answers in"))
            _ = try server.client.ask(name, .a)
            #expect(try server.stop() == .exited(0))
            #expect(
                server.log.contains(
                    "no cached answers saved to \(path): No such file or directory"))
        }

        private static func files(in directory: TemporaryDirectory) throws -> [String] {
            let path = URL(fileURLWithPath: directory.file("x")).deletingLastPathComponent().path
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        }

        @Test("A pipe in its place is not read and not replaced; of a link the file is")
        func others() throws {
            let directory = try TemporaryDirectory()
            let error = unsafe mkfifo(directory.file("pipe"), 0o600)
            try #require(error == 0)
            try directory.write("", to: "cache")
            try FileManager.default.createSymbolicLink(
                atPath: directory.file("link"), withDestinationPath: "cache")
            for (name, line) in [
                ("pipe", "no cached answers saved: "), ("link", "saved 0 cached answers to "),
            ] {
                let server = try Server("cache-file: \(directory.file(name))\nforward: {}")
                #expect(try server.stop() == .exited(0))
                #expect(server.log.contains(line + directory.path), "\(server.log)")
            }
            for (name, type) in [
                ("pipe", FileAttributeType.typeUnknown), ("link", .typeSymbolicLink),
                ("cache", .typeRegular),
            ] {
                let found =
                    try FileManager.default
                    .attributesOfItem(atPath: directory.file(name))[.type] as? FileAttributeType
                // Foundation has no name for a pipe.
                #expect(found == type, "\(name)")
            }
        }

        @Test("A file that is none of ours is never replaced")
        func foreign() throws {
            let directory = try TemporaryDirectory()
            try directory.write("dear diary", to: "diary")
            let server = try Server("cache-file: \(directory.file("diary"))\nforward: {}")
            #expect(try server.stop() == .exited(0))
            #expect(server.log.contains("left alone"), "\(server.log)")
            #expect(directory.read("diary") == "dear diary")
        }

        @Test(
            "What is beside the file and none of ours stays",
            arguments: ["cache.loading", "cache.suspect", "cache.new"], [true, false])
        func foreignNeighbor(name: String, isDirectory: Bool) throws {
            let directory = try TemporaryDirectory()
            let precious = isDirectory ? "\(name)/precious" : name
            let upstream = try ScriptedUpstream.answering()
            let configuration = Self.configuration(directory.file("cache"), upstream: upstream)
            let first = try Server(configuration)
            _ = try first.client.ask(self.name, .a)
            #expect(try first.stop() == .exited(0))
            if isDirectory {
                try FileManager.default.createDirectory(
                    atPath: directory.file(name), withIntermediateDirectories: false)
            }
            try directory.write("dear diary", to: precious)
            let before = try Self.files(in: directory)
            // The second begins with what the first has left, as after a crash.
            for _ in 0..<2 {
                let server = try Server(configuration)
                _ = try server.client.ask("other.example.net", .a)
                #expect(try server.stop() == .exited(0))
                let told = Server.warnings(in: server.log).filter {
                    $0.contains("\(directory.file(name)) is not a file of cached answers")
                }
                #expect(told.count == 1, "\(server.log)")
                #expect(server.log.contains("loaded 1 cached") == (name == "cache.new"))
            }
            #expect(directory.read(precious) == "dear diary")
            #expect(try Self.files(in: directory) == before)
        }

        @Test("A file that cannot be read is never replaced")
        func unreadable() throws {
            let directory = try TemporaryDirectory()
            try directory.write("dear diary", to: "diary")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o200], ofItemAtPath: directory.file("diary"))
            // Root without the rights of root: others may not enter the directory.
            let server = try Server(
                "cache-file: \(directory.file("diary"))\nforward: {}",
                by: geteuid() == 0
                    ? ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [])
            #expect(try server.stop() == .exited(0))
            #expect(server.log.contains("no cached answers saved: "), "\(server.log)")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: directory.file("diary"))
            #expect(directory.read("diary") == "dear diary")
        }

        @Test("A reload that names another file just after the start leaves the first one in order")
        func anotherFile() throws {
            let directory = try TemporaryDirectory()
            let upstream = try ScriptedUpstream.answering()
            let configuration = Self.configuration(directory.file("cache"), upstream: upstream)
            let first = try Server(configuration)
            _ = try first.client.ask(name, .a)
            #expect(try first.stop() == .exited(0))
            let other = Self.configuration(directory.file("other"), upstream: upstream)
            for other in [other, "forward: {}\n"] {
                let second = try Server(configuration)
                #expect(second.log.contains("loaded 1 cached answer"), "\(second.log)")
                #expect(try Self.files(in: directory).contains("cache.loading"))
                try second.configure(other)
                try second.reload()
                #expect(
                    try eventually {
                        let files = try Self.files(in: directory)
                        return files.contains("cache") && !files.contains("cache.loading")
                    })
                #expect(try second.stop() == .exited(0))
            }
        }
    }
}
