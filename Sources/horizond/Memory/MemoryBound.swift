import Foundation

/// A bound on memory that this process is under, and how much of it is taken: by whom else is all the
/// same to the one who is killed for it.
struct MemoryBound: Equatable, Sendable {
    /// Who says so, such as `memory.max of /system.slice/horizond.service`.
    let name: String
    /// In octets, as are the others.
    let limit: Int
    let used: Int

    /// What may still be taken.
    var room: Int { limit - used }

    /// A larger limit is none: so the first version says that there is no limit.
    fileprivate static let largestLimit = 1 << 50

    /// What should stay free: a second of a flood of new answers and what sockets hold.
    var margin: Int { min(limit / 8, 64 << 20) }
}

/// The kernel's files that tell the bounds of this process: those of its control group and of the groups
/// that this one is in, and the machine's. They are read anew each time, since an administrator can
/// change a bound while the process runs.
///
/// What a group is charged with counts, and not what the process has resident: the kernel's own
/// memory for sockets belongs to it, and the kernel goes by it. What it could drop at once, the
/// pages of files, does not.
struct MemoryBounds {
    /// Where the files are, but for tests.
    var root = ""

    /// The bound with the least room above its margin; nil where the kernel tells none.
    var tightest: MemoryBound? {
        (groupBounds + [machineBound].compactMap(\.self))
            .min { $0.room - $0.margin < $1.room - $1.margin }
    }

    /// The names of a hierarchy's files.
    private struct Hierarchy {
        let directory: String
        let limits: [String]
        let used: String
        let droppable: [String]

        static let unified = Hierarchy(
            directory: "/sys/fs/cgroup", limits: ["memory.max", "memory.high"],
            used: "memory.current", droppable: ["inactive_file", "active_file"])
        static let first = Hierarchy(
            directory: "/sys/fs/cgroup/memory", limits: ["memory.limit_in_bytes"],
            used: "memory.usage_in_bytes",
            droppable: ["total_inactive_file", "total_active_file"])
    }

    private var groupBounds: [MemoryBound] {
        // `0::/system.slice/horizond.service`, or `4:memory:/…` in the first version.
        (text("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line in
            let fields = line.split(
                separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [MemoryBound]() }
            if fields[1].isEmpty { return bounds(.unified, of: String(fields[2])) }
            let isOfMemory = fields[1].split(separator: ",").contains("memory")
            return isOfMemory ? bounds(.first, of: String(fields[2])) : []
        }
    }

    /// The bounds of a group and of those above it. In a container the path may be the host's, and
    /// what is mounted the group itself: then the last step finds it.
    private func bounds(_ hierarchy: Hierarchy, of group: String) -> [MemoryBound] {
        var parts = group.split(separator: "/")
        var bounds: [MemoryBound] = []
        while true {
            let path = "/" + parts.joined(separator: "/")
            bounds += self.bounds(hierarchy, at: path)
            guard parts.popLast() != nil else { return bounds }
        }
    }

    private func bounds(_ hierarchy: Hierarchy, at group: String) -> [MemoryBound] {
        let directory = hierarchy.directory + group + "/"
        // "max" is no number.
        let limits = hierarchy.limits.compactMap { file in
            number(text(directory + file)).map { (file, $0) }
        }.filter { $0.1 <= MemoryBound.largestLimit }
        guard !limits.isEmpty, let charged = number(text(directory + hierarchy.used)) else {
            return []
        }
        let statistics = text(directory + "memory.stat") ?? ""
        let droppable = hierarchy.droppable.reduce(0) { $0 + (Self.field($1, statistics) ?? 0) }
        // The kernel adds up the two at different times, so that the part may be more than the whole.
        let used = max(0, charged - droppable)
        return limits.map { file, limit in
            MemoryBound(name: "\(file) of \(group)", limit: limit, used: used)
        }
    }

    /// A unit with `ProcSubset=pid` does not see it.
    private var machineBound: MemoryBound? {
        let text = text("/proc/meminfo") ?? ""
        guard let total = Self.field("MemTotal:", text),
            let available = Self.field("MemAvailable:", text)
        else { return nil }
        // In units of 1024 octets.
        return MemoryBound(
            name: "this machine's memory", limit: total << 10,
            used: max(0, total - available) << 10)
    }

    private func text(_ path: String) -> String? {
        try? String(contentsOfFile: root + path, encoding: .utf8)
    }

    private func number(_ text: String?) -> Int? {
        text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// The number behind a name at the beginning of a line.
    private static func field(_ name: String, _ text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count >= 2, words[0] == name { return Int(words[1]) }
        }
        return nil
    }
}
