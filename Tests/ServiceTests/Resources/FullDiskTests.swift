import DNS
import Foundation
import Testing

extension ServiceTests {
    /// A small file system of its own for a server, which its mount namespace alone has.
    @Suite("A disk that is full, read-only or gone", .enabled(if: OwnMounts.arePermitted))
    struct FullDiskTests {
        private let directory: TemporaryDirectory
        private let upstream: ScriptedUpstream
        private var disk: String { directory.file("disk") }

        init() throws {
            directory = try TemporaryDirectory()
            upstream = try ScriptedUpstream.answering()
            try FileManager.default.createDirectory(
                atPath: directory.file("disk"), withIntermediateDirectories: true)
        }

        private func server(cacheFile: Bool = false) throws -> Server {
            try Server(
                "control: control.sock\nforward: {.: \"127.0.0.1:\(upstream.port)\"}\n"
                    + "zones:\n  lab.example: {records: {\"*\": 192.0.2.10}}\n"
                    + (cacheFile
                        ? "cache-file: \(disk)/cache\n"
                        : "log: {queries: {to: file:\(disk)/log/q, rotate: {size: 64KiB, keep: 1}}}\n"),
                by: [
                    "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                    "mount -t tmpfs -o size=128k none \(disk) && mkdir \(disk)/log && exec \"$0\" \"$@\"",
                ])
        }

        /// Runs a command where the server sees the disk.
        @discardableResult
        private func inside(_ server: Server, _ command: String) throws -> String {
            try run([
                "/usr/bin/nsenter", "--mount=/proc/\(server.process.pid)/ns/mnt", "/bin/sh", "-c",
                command,
            ]).output
        }

        private func ask(_ server: Server, _ names: Range<Int>) throws {
            for number in names {
                #expect(try server.client.ask("n\(number).lab.example", .a).answer.count == 1)
            }
        }

        private func count(_ text: String, in log: String) -> Int {
            log.components(separatedBy: text).count - 1
        }

        @Test(
            "The query log goes on when there is room again, and says once that there was none",
            arguments: [
                ("dd if=/dev/zero of=DISK/filler bs=4k", "rm DISK/filler"),
                ("rm DISK/log/q; mount -t tmpfs -o ro none DISK/log", "umount DISK/log"),
                ("rm -r DISK/log", "mkdir DISK/log"),
            ])
        func queryLog(harm: String, mend: String) throws {
            let server = try server()
            try ask(server, 0..<10)
            #expect(eventually { (try? inside(server, "wc -l < \(disk)/log/q")) == "10\n" })
            try inside(server, harm.replacingOccurrences(of: "DISK", with: disk))
            try ask(server, 10..<60)
            let isTold = eventually { count("cannot be written", in: server.log) == 1 }
            #expect(isTold, "\(server.log)")
            try ask(server, 60..<100)
            #expect(try server.command("stats").output.contains("lines were lost"))
            try inside(server, mend.replacingOccurrences(of: "DISK", with: disk))
            let recovered = try eventually(within: .seconds(10)) {
                try ask(server, 100..<101)
                return try inside(server, "tail -n 1 \(disk)/log/q").contains("n100.lab")
            }
            #expect(recovered)
            // Whole lines alone.
            let lines = try inside(server, "cat \(disk)/log/q").split(separator: "\n")
            for line in lines { #expect(try object(String(line))["rcode"] as? String == "NOERROR") }
            #expect(count("cannot be written", in: server.log) == 1, "\(server.log)")
        }

        @Test("A cache that has no room on the disk leaves the file of before, and nothing else")
        func cacheFile() throws {
            let server = try server(cacheFile: true)
            // More than the disk takes.
            for number in 0..<1500 { _ = try server.client.ask("n\(number).example.net", .a) }
            try inside(server, "echo -n hzncache > \(disk)/cache")
            // Keeps the disk when the server has ended.
            let keeper = try ChildProcess(
                [
                    "/usr/bin/nsenter", "--mount=/proc/\(server.process.pid)/ns/mnt", "/bin/sleep",
                    "infinity",
                ], output: directory.file("keeper"))
            pause(.milliseconds(200))
            #expect(try server.stop() == .exited(0))
            #expect(server.log.contains("no cached answers saved to \(disk)/cache: No space left"))
            let (output, _) = try run([
                "/usr/bin/nsenter", "--mount=/proc/\(keeper.pid)/ns/mnt", "/bin/sh", "-c",
                "ls \(disk); cat \(disk)/cache",
            ])
            #expect(output == "cache\nlog\nhzncache")
        }
    }
}

/// Mounts that nobody else sees.
enum OwnMounts {
    static let arePermitted =
        (try? run([
            "/usr/bin/unshare", "--mount", "/bin/mount", "-t", "tmpfs", "none", "/mnt",
        ]))?.status == .exited(0)
}
