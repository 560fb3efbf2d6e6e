import Foundation

/// A directory for files that say they are longer than any disk, as a file system in memory lets them be.
/// It goes with this object.
final class SparseFiles {
    static let memory = "/dev/shm"
    static var isPossible: Bool { FileManager.default.isWritableFile(atPath: memory) }

    private let directory = memory + "/horizond-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Makes a file of so many octets, all zero, and returns its path.
    func make(_ name: String, length: Int) throws -> String {
        let path = "\(directory)/\(name)"
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: UInt64(length))
        try file.close()
        return path
    }
}
