import DNS
import Synchronization

/// A client that asks for one name again and again, and notes how long each answer takes: what people
/// notice while something else is wrong.
final class Pulse: Sendable {
    struct Figures: Sendable, CustomStringConvertible {
        var lost = 0
        /// From the shortest to the longest.
        var times: [Duration] = []

        /// The time within which so many of a thousand answers came.
        func time(ofThousand share: Int) -> Duration {
            times.isEmpty ? .seconds(3600) : times[(times.count - 1) * share / 1000]
        }

        var description: String {
            "\(times.count) answers, \(lost) lost, half within \(time(ofThousand: 500)), "
                + "99 % within \(time(ofThousand: 990)), all within \(time(ofThousand: 1000))"
        }

        /// Whether nobody would have noticed anything, on a machine that does other work, too.
        var areCalm: Bool {
            lost == 0 && times.count > 20 && time(ofThousand: 500) < .milliseconds(20)
                && time(ofThousand: 990) < .milliseconds(500)
        }
    }

    private static let interval = Duration.milliseconds(5)
    private static let patience = Duration.seconds(2)

    private let isOver = Atomic<Bool>(false)
    private let thread = Mutex<Background<Figures>?>(nil)

    init(_ client: Client, _ name: String) {
        let work = Background { [self] in
            var figures = Figures()
            while !isOver.load(ordering: .relaxed) {
                let asked = try? elapsed {
                    try client.ask(name, .a, timeout: Self.patience)
                }
                if let asked, asked.0.rcode == .noError {
                    figures.times.append(asked.1)
                } else {
                    figures.lost += 1
                }
                pause(Self.interval)
            }
            figures.times.sort()
            return figures
        }
        thread.withLock { $0 = work }
    }

    func stop() throws -> Figures {
        isOver.store(true, ordering: .relaxed)
        guard let thread = thread.withLock({ $0 }) else { return Figures() }
        return try thread.value
    }
}
