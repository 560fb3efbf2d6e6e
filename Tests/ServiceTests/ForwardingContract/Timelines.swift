/// What happens over several seconds, for the suites that only look at what came of it. All of it
/// runs at the same time, from the first use on, and waits more than it works.
enum Timelines {
    static var storing: StoringTimeline { get throws { try started.storing.value } }
    static var failing: FailingTimeline { get throws { try started.failing.value } }
    static var joining: JoiningTimeline { get throws { try started.joining.value } }
    static var stale: StaleTimeline { get throws { try started.stale.value } }
    static var prefetching: PrefetchingTimeline { get throws { try started.prefetching.value } }

    private struct Started: Sendable {
        let storing = Background { try StoringTimeline() }
        let failing = Background { try FailingTimeline() }
        let joining = Background { try JoiningTimeline() }
        let stale = Background { try StaleTimeline() }
        let prefetching = Background { try PrefetchingTimeline() }
    }

    private static let started = Started()
}
