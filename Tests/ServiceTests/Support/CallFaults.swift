import Foundation

/// System calls of one program that fail as a test says: `Tests/CallFaults`, which is built here and
/// loaded into the release program as it is.
final class CallFaults: Sendable {
    /// In the order of `enum call` of `CallFaults.c`.
    enum Call: Int {
        case answers, upstreamQueries, receives, accepts, waits
    }

    private static let calls = 5
    private let directory: TemporaryDirectory
    private let library: String
    private var file: String { directory.file("faults") }

    init() throws {
        directory = try TemporaryDirectory()
        library = try preloadable("CallFaults", in: directory)
    }

    var environment: [String: String] {
        ["LD_PRELOAD": library, "HORIZOND_CALL_FAULTS": file]
    }

    /// Has a call fail from now on; 0 ends that.
    func fail(_ call: Call, with number: Int32) throws { try set(call.rawValue, number) }

    /// How many datagrams one call sends; 0 for all.
    func setBatch(_ size: Int32) throws { try set(Self.calls, size) }

    /// How often a call has failed.
    func failures(of call: Call) throws -> Int {
        let data = try Data(contentsOf: URL(fileURLWithPath: file))
        let start = 8 * (Self.calls + 1 + call.rawValue)
        return data[start..<start + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private func set(_ word: Int, _ value: Int32) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        try handle.seek(toOffset: UInt64(8 * word))
        try handle.write(
            contentsOf: (0..<8).map { UInt8(truncatingIfNeeded: Int(value) >> (8 * $0)) })
        try handle.close()
    }
}
