import Admin
import Configuration
import DNS
import Dispatch
import Nameserver

/// Whether queries are answered as they should be.
extension Service {
    /// A worker answers in microseconds. What asks has itself mostly a second's patience, or a few.
    private static let workerLimit = Duration.seconds(1)
    /// Upstreams that nobody has asked yet get as long for an answer, so that a server is ready before the
    /// first client asks it.
    private static let probeLimit = Duration.milliseconds(1_500)
    private static let probeInterval = Duration.milliseconds(20)

    /// Why this server is not ready, a sentence each; none when it is. Its sockets are open and its
    /// configuration is loaded, else it would not run.
    func readinessProblems(withUpstreams: Bool = true) async -> [String] {
        let report = await result(within: Self.workerLimit) { [self] in await statisticsReport() }
        guard report != nil else { return ["a worker does not answer"] }
        guard await !onControl({ [self] in isStopping }) else { return ["the server stops"] }
        guard withUpstreams else { return [] }
        let problems = await onControl { [self] in rulesWithoutServers }
        return problems + (await problemsOfRules())
    }

    private var rulesWithoutServers: [String] {
        configuration.views.flatMap { view in
            view.forward.filter(\.upstreams.isEmpty).map {
                "view \(view.name), forward \($0.domain.lineDescription): there are no servers"
            }
        }
    }

    private func problemsOfRules() async -> [String] {
        let end = ContinuousClock.now + Self.probeLimit
        while true {
            let bad = published.served.snapshot.forwardRules.filter { !$0.isGood }
            let unknown = bad.flatMap(\.upstreams).filter { $0.isUnknown }
            guard !unknown.isEmpty, .now < end else { return bad.map(\.problem) }
            workers[0].mailbox.post(.probe(unknown))
            try? await Task.sleep(for: Self.probeInterval)
        }
    }

    /// What the workers have counted, as soon as all have told.
    func statisticsReport() async -> StatisticsReport {
        await withCheckedContinuation { continuation in
            control.async { [self] in
                gatherStatistics { continuation.resume(returning: $0) }
            }
        }
    }

    /// What `body` gives on the control queue.
    func onControl<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            control.async { continuation.resume(returning: body()) }
        }
    }
}

extension Upstream {
    /// Whether it may answer for all that is known.
    fileprivate var isUnknown: Bool { !hasAnswered && !isFailing && !isDown }
}

extension ForwardRuleHealth {
    fileprivate var problem: String {
        let servers = upstreams.map { upstream in
            upstream.hasAnswered || upstream.isFailing || upstream.isDown || upstream.isLooping
                ? "\(upstream.address) is \(upstream.stateDescription)"
                : "\(upstream.address) has not answered yet"
        }
        return "view \(view), forward \(domain.lineDescription): "
            + servers.joined(separator: ", ")
    }
}
