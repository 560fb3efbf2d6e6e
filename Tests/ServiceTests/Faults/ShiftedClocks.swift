import Foundation

/// The clocks of one program, which `Tests/ShiftedClocks` shifts inside it.
final class ShiftedClocks: Sendable {
    private let directory: TemporaryDirectory
    private let library: String

    static let year = Duration.seconds(365 * 86_400)

    init() throws {
        directory = try TemporaryDirectory()
        library = try preloadable("ShiftedClocks", in: directory)
        try directory.write(String(repeating: "\0", count: 16), to: "shifts")
    }

    var environment: [String: String] {
        ["LD_PRELOAD": library, "HORIZOND_CLOCKS": directory.file("shifts")]
    }

    /// Sets the time of day, and the time since the boot, that much forward or back from what they are.
    func shift(timeOfDay: Duration = .zero, sinceBoot: Duration = .zero) throws {
        let words = [timeOfDay, sinceBoot].map { Int64($0 / .nanoseconds(1)) }
        // In place, for the program has the file in its memory.
        let file = try FileHandle(
            forWritingTo: URL(fileURLWithPath: directory.file("shifts")))
        try file.write(
            contentsOf: Data(
                words.flatMap { word in
                    (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
                }))
        try file.close()
    }
}
