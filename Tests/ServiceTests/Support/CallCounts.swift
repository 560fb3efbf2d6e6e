import Foundation

/// What a program under test calls, counted inside it by `Tests/CallCounts`, which is built here and
/// loaded into the release program as it is: no tool is needed and nothing is estimated.
struct CallCounts {
    var allocationsOnPath = 0
    var retainsOnPath = 0
    var releasesOnPath = 0
    /// Socket calls that received something, and those that found nothing.
    var receives = 0
    var emptyReceives = 0
    var sends = 0
    /// Datagrams received, or pieces of streams.
    var received = 0

    static func - (later: CallCounts, earlier: CallCounts) -> CallCounts {
        CallCounts(
            allocationsOnPath: later.allocationsOnPath - earlier.allocationsOnPath,
            retainsOnPath: later.retainsOnPath - earlier.retainsOnPath,
            releasesOnPath: later.releasesOnPath - earlier.releasesOnPath,
            receives: later.receives - earlier.receives,
            emptyReceives: later.emptyReceives - earlier.emptyReceives,
            sends: later.sends - earlier.sends, received: later.received - earlier.received)
    }
}

/// Counts for one program: its environment, and the file that the counts lie in.
final class CallCounter: Sendable {
    private let directory: TemporaryDirectory
    private let library: String

    init() throws {
        directory = try TemporaryDirectory()
        library = try preloadable("CallCounts", in: directory)
    }

    var environment: [String: String] {
        ["LD_PRELOAD": library, "HORIZOND_CALL_COUNTS": directory.file("counts")]
    }

    /// The counts so far: `struct call_counts` of `CallCounts.h`.
    var counts: CallCounts {
        get throws {
            let data = try Data(contentsOf: URL(fileURLWithPath: directory.file("counts")))
            let words = stride(from: 0, to: data.count, by: 8).map { start in
                data[start..<start + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            }
            guard words.count == 11 else { throw Failure("\(data.count) octets of counts") }
            guard words[0] == 1 else {
                throw Failure("the program lacks the Swift runtime's symbols: was it stripped?")
            }
            return CallCounts(
                allocationsOnPath: words[8], retainsOnPath: words[9], releasesOnPath: words[10],
                receives: words[4], emptyReceives: words[5], sends: words[6], received: words[7])
        }
    }
}
