import Configuration
import Foundation

/// The memory that reading a configuration took, from which one foresees what reading it again takes.
struct LoadCost: Equatable, Sendable {
    /// Of memory.
    let octets: Int
    /// Of the files that were read.
    let fileOctets: Int

    /// What a file says of its length may be anything; beyond this it takes too much in any case.
    private static let longestFile = 1 << 40

    /// Less is tried whatever is left: what else the process does takes as much.
    static let negligible = 16 << 20

    /// What it takes to read files of so many octets, beside what is kept of those before: as much for
    /// each octet, and a tenth more while it is read.
    func expected(fileOctets: Int) -> Int {
        guard self.fileOctets > 0 else { return 0 }
        let share = Double(fileOctets) / Double(self.fileOctets)
        return Int(min(1.1 * share * Double(octets), Double(Self.longestFile)))
    }

    /// What the files have together; one that is gone has nothing.
    static func fileOctets(_ paths: [String]) -> Int {
        paths.reduce(0) { sum, path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + min(attributes?[.size] as? Int ?? 0, longestFile)
        }
    }
}
