import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite(
        "A bound on memory",
        .enabled(
            if: MemoryGroup.isPermitted,
            "no memory controller of control groups' first version may be used here"))
    struct MemoryLimitTests {
        @Test("The cache gives memory back before the kernel ends the process, and says so")
        func cache() throws {
            let group = try MemoryGroup(limit: 32 << 20)
            // Large answers fill it quickly.
            let upstream = try ScriptedUpstream(remembers: false) { query in
                let text = [UInt8](repeating: 0x61, count: 250)
                let rdata = [[UInt8]](repeating: [250] + text, count: 4).flatMap(\.self)
                let record = Record(query.question.name, .txt, ttl: 3600, rdata)
                return [.init(query.reply([record]))]
            }
            let server = try Server(
                "control: control.sock\nworkers: 2\n"
                    + "zones:\n  lab.example: {records: {www: 192.0.2.10}}\n"
                    + "forward: {.: \"127.0.0.1:\(upstream.port)\"}\n",
                by: group.entrance)
            let names = (0..<60_000).map { "n\($0).example.net" }
            let load = try Load(names, .txt, server: Endpoint(port: server.port))
            let isShort = try eventually(within: .seconds(60)) { () throws -> Bool in
                #expect(try server.client.ask("www.lab.example", .a).answer.count == 1)
                return server.log.contains("memory is short")
            }
            #expect(isShort, "\(load.sent) queries; \(server.log)")
            pause(.seconds(2))
            let count = load.stop()
            #expect(count.answered == count.sent && count.failed == 0, "\(count)")
            #expect(try group.kills() == 0)
            #expect(server.process.status == nil)
            let stats = try server.command("stats").output
            #expect(stats.contains("for now") && stats.contains(group.name), "\(stats)")
            #expect(server.log.components(separatedBy: "memory is short").count <= 3)
        }
    }
}

/// A control group of the kernel's first version with a bound on memory, removed with the object.
final class MemoryGroup: Sendable {
    private static let mount = "/sys/fs/cgroup/memory"
    private let path: String
    var name: String { URL(fileURLWithPath: path).lastPathComponent }

    /// The group that the tests are in.
    private static var own: String? {
        let text = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.contains(":memory:") }
        return line.flatMap { $0.split(separator: ":").last }.map { mount + $0 }
    }

    static let isPermitted: Bool = (try? MemoryGroup(limit: 1 << 30)) != nil

    init(limit: Int) throws {
        guard let own = Self.own else { throw Failure("no memory controller") }
        path = own + "/horizond-\(UUID().uuidString.prefix(8))"
        guard unsafe mkdir(path, 0o755) == 0 else { throw Failure("no control group at \(path)") }
        try "\(limit)".write(
            toFile: path + "/memory.limit_in_bytes", atomically: false, encoding: .utf8)
    }

    /// It can be removed once the last process in it has ended.
    deinit { _ = eventually(within: .seconds(5)) { unsafe rmdir(path) == 0 } }

    /// What runs a program in it.
    var entrance: [String] {
        ["/bin/sh", "-c", "echo $$ > \(path)/tasks && exec \"$0\" \"$@\""]
    }

    /// How many processes the kernel has ended for want of memory.
    func kills() throws -> Int {
        let text = try String(contentsOfFile: path + "/memory.oom_control", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line.flatMap { Int($0.dropFirst("oom_kill ".count)) } ?? -1
    }
}
