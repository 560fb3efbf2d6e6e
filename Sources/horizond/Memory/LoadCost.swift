import Configuration
import Foundation
import Glibc

/// The memory that reading a configuration took, from which one foresees what reading it again takes.
struct LoadCost: Equatable, Sendable {
    /// Of memory.
    let octets: Int
    /// Of the files that were read.
    let fileOctets: Int

    /// Less is tried whatever is left: what else the process does takes as much.
    static let negligible = 16 << 20

    /// What it takes to read files of so many octets, beside what is kept of those before: as much for
    /// each octet, and a tenth more while it is read.
    func expected(fileOctets: Int) -> Int {
        guard self.fileOctets > 0 else { return 0 }
        let share = Double(fileOctets) / Double(self.fileOctets)
        return Int(1.1 * share * Double(octets))
    }

    /// What the files have together; one that is gone has nothing.
    static func fileOctets(_ paths: [String]) -> Int {
        paths.reduce(0) { sum, path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }

    /// What the process has resident: the second field of proc_pid_statm(5), in pages.
    static func residentOctets() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let fields = text.split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
    }
}
