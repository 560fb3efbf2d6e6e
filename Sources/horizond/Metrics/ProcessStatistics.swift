import Admin
import Foundation
import Glibc

/// What the kernel knows of this process, under the names that Prometheus's own libraries use.
struct ProcessStatistics {
    private let residentOctets: Int
    private let processorSeconds: Double
    private let openDescriptors: Int
    private let descriptorLimit: Double?
    private let startedAt: Date

    /// nil where there is no /proc. When the process started is given: a service with `ProcSubset=pid`
    /// does not see the host's boot time, from which the kernel counts it.
    init?(startedAt: Date) {
        guard let fields = Self.statusFields, fields.count > 21,
            let user = Double(fields[11]), let system = Double(fields[12]),
            let residentOctets = Self.residentOctets(in: fields),
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        self.startedAt = startedAt
        processorSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        self.residentOctets = residentOctets
        // One of them is that of the directory itself.
        openDescriptors = descriptors.count - 1
        descriptorLimit = Self.descriptorLimit
    }

    /// What the process has resident; nil where there is no /proc.
    static var residentOctets: Int? { statusFields.flatMap { residentOctets(in: $0) } }

    private static func residentOctets(in fields: [Substring]) -> Int? {
        guard fields.count > 21, let pages = Int(fields[21]) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The fields of proc_pid_stat(5) from the third on: the second one may have spaces in it.
    private static var statusFields: [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
    }

    /// `Max open files  1024  524288  files`: the soft limit counts.
    private static var descriptorLimit: Double? {
        let text = try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8)
        let name = "Max open files"
        guard let line = text?.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let limit = line.dropFirst(name.count).split(separator: " ").first
        else { return nil }
        return limit == "unlimited" ? .infinity : Double(limit)
    }

    var families: [MetricFamily] {
        var families = [
            MetricFamily(
                .counter, "process_cpu_seconds_total",
                "Processor time that the process took, in its own code and the kernel's.",
                value: processorSeconds),
            MetricFamily(
                .gauge, "process_resident_memory_bytes", "Memory that the process has resident.",
                value: residentOctets),
            MetricFamily(
                .gauge, "process_start_time_seconds", "When the process was started.",
                value: startedAt.timeIntervalSince1970),
            MetricFamily(
                .gauge, "process_open_fds", "File descriptors that are open.",
                value: openDescriptors),
        ]
        if let descriptorLimit {
            families.append(
                MetricFamily(
                    .gauge, "process_max_fds", "File descriptors that may be open.",
                    value: descriptorLimit))
        }
        return families
    }
}
