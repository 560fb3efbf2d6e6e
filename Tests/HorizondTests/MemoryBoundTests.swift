import Foundation
import Testing

@testable import horizond

/// The kernel's files, written by a test.
@Suite("The bounds on memory that the kernel tells")
final class MemoryBoundTests {
    private let root = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private func write(_ text: String, to path: String) throws {
        let url = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func tightest() -> MemoryBound? { MemoryBounds(root: root).tightest }

    @Test("Version 2: the group's own bound, less what the kernel could drop")
    func unified() throws {
        let group = "/sys/fs/cgroup/system.slice/horizond.service/"
        try write("0::/system.slice/horizond.service\n", to: "/proc/self/cgroup")
        try write("max\n", to: group + "memory.high")
        try write("100000000\n", to: group + "memory.max")
        try write("50000000\n", to: group + "memory.current")
        try write(
            "anon 30000000\ninactive_file 7000000\nactive_file 3000000\n",
            to: group + "memory.stat")
        #expect(
            tightest()
                == MemoryBound(
                    name: "memory.max of /system.slice/horizond.service", limit: 100_000_000,
                    used: 40_000_000))
    }

    @Test("Version 2: memory.high, or the group above, when these leave less")
    func others() throws {
        try write("0::/a/b\n", to: "/proc/self/cgroup")
        try write("100000000\n", to: "/sys/fs/cgroup/a/b/memory.max")
        try write("60000000\n", to: "/sys/fs/cgroup/a/b/memory.high")
        try write("50000000\n", to: "/sys/fs/cgroup/a/b/memory.current")
        #expect(tightest()?.name == "memory.high of /a/b")
        try write("200000000\n", to: "/sys/fs/cgroup/a/memory.max")
        try write("199000000\n", to: "/sys/fs/cgroup/a/memory.current")
        #expect(tightest()?.name == "memory.max of /a")
        #expect(tightest()?.room == 1_000_000)
    }

    @Test(
        "Version 1, beside an empty version 2; the path may be the host's, the group at the mount")
    func first() throws {
        try write("5:cpu:/\n4:memory:/docker/1234\n0::/\n", to: "/proc/self/cgroup")
        let group = "/sys/fs/cgroup/memory/"
        try write("64000000\n", to: group + "memory.limit_in_bytes")
        try write("40000000\n", to: group + "memory.usage_in_bytes")
        try write(
            "inactive_file 1\ntotal_inactive_file 3000000\ntotal_active_file 1000000\n",
            to: group + "memory.stat")
        #expect(
            tightest()
                == MemoryBound(
                    name: "memory.limit_in_bytes of /", limit: 64_000_000, used: 36_000_000))
    }

    @Test("What version 1 says where there is no limit is none, however little seems to be taken")
    func unlimited() throws {
        try write("4:memory:/a\n", to: "/proc/self/cgroup")
        let group = "/sys/fs/cgroup/memory/a/"
        try write("9223372036854771712\n", to: group + "memory.limit_in_bytes")
        try write("40000000\n", to: group + "memory.usage_in_bytes")
        // Read a moment later.
        try write("total_inactive_file 40008192\n", to: group + "memory.stat")
        #expect(tightest() == nil)
        try write("64000000\n", to: group + "memory.limit_in_bytes")
        #expect(tightest()?.room == 64_000_000)
    }

    @Test("Without a bound of a group, the machine's memory; without either, none")
    func machine() throws {
        #expect(tightest() == nil)
        try write("0::/\n", to: "/proc/self/cgroup")
        #expect(tightest() == nil)
        try write(
            "MemTotal:        1000000 kB\nMemFree:  10 kB\nMemAvailable:     200000 kB\n",
            to: "/proc/meminfo")
        #expect(
            tightest()
                == MemoryBound(
                    name: "this machine's memory", limit: 1_024_000_000, used: 819_200_000))
    }
}
