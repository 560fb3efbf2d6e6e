import DNS
import Dispatch
import Logging
import Nameserver
import Synchronization
import Transport

/// The workers' events on their way to the log, written by a queue of its own: a slow log costs
/// lines, never queries.
final class EventLog: Sendable {
    /// What waits to be written; more is dropped and counted.
    private static let maximumBacklog = 4096
    /// So much of it lines of queries may be, which would leave no room for others.
    private static let roomForQueries = 3072

    private let errors: Atomic<Bool>
    private let backlog = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let queue = DispatchQueue(label: "event-log", qos: .default)
    private let logger: Logger
    private let outages = Mutex(OutageSummary())
    private let toldTroubles = Mutex<Set<UpstreamTrouble>>([])
    private let toldDescriptors = Atomic(false)
    private static let troubleSeconds = 600
    /// The bypasses that were told, by client: their queries reach several workers.
    private let toldBypasses = Mutex<[IPAddress: Set<KnownBypass>]>([:])

    private let toldLimits = Mutex<Set<LimitNotices.Notice>>([])
    /// In a flood from many addresses, forged ones perhaps, those that come first stand for all.
    private static let maximumToldLimits = 16

    init(logger: Logger, logsErrors: Bool) {
        self.logger = logger
        errors = Atomic(logsErrors)
    }

    func configure(logsErrors: Bool) { errors.store(logsErrors, ordering: .relaxed) }

    /// One line for a query that no upstream answered; in an outage the lines are consolidated.
    func failed(_ query: FailedQuery) {
        guard errors.load(ordering: .relaxed) else { return }
        let verdict = outages.withLock { $0.note(query.upstream, isBridged: query.isBridged) }
        guard verdict != .count else { return }
        let question = "\(query.name.lineDescription) \(query.type)"
        write(
            .error,
            EventFields(
                .queryFailed, name: query.name, type: query.type, upstream: query.upstream),
            query.isBridged
                ? "no good answer for \(question), clients get the last one: \(query.reason)"
                : "SERVFAIL \(question): \(query.reason)")
        if verdict == .tellAndSummarizeLater {
            let end = DispatchTime.now() + .seconds(OutageSummary.windowSeconds)
            queue.asyncAfter(deadline: end) { [self] in summarize(query.upstream) }
        }
    }

    /// One line for a client that asked for a known way around this server.
    func bypass(_ notice: BypassCounter.Notice) {
        let isNew = toldBypasses.withLock { told in
            (told[notice.client] != nil || told.count < BypassCounter.maximumClients)
                && told[notice.client, default: []].insert(notice.bypass).inserted
        }
        guard isNew else { return }
        write(
            .notice, EventFields(.bypass, name: notice.domain, client: notice.client), "\(notice)")
    }

    /// One line for a client that a limit holds back; the same one again after ten minutes at the soonest.
    func limited(_ notice: LimitNotices.Notice) {
        let count = toldLimits.withLock { told -> Int? in
            guard told.count < Self.maximumToldLimits, told.insert(notice).inserted
            else { return nil }
            return told.count
        }
        guard let count else { return }
        let rest =
            count < Self.maximumToldLimits ? "" : "; more of them are not told for ten minutes"
        write(
            .notice, EventFields(.limited, client: notice.client, view: notice.view),
            "\(notice)\(rest)")
        queue.asyncAfter(deadline: .now() + .seconds(Self.troubleSeconds)) { [self] in
            _ = toldLimits.withLock { $0.remove(notice) }
        }
    }

    /// One line for a server of several that fails; the same one again after ten minutes at the soonest.
    func trouble(_ trouble: UpstreamTrouble) {
        let isNew = toldTroubles.withLock { $0.insert(trouble).inserted }
        guard isNew else { return }
        write(
            .warning, EventFields(.upstreamFails, upstream: trouble.upstream),
            "\(trouble.upstream): \(trouble.reason); the rule's other upstreams are asked instead")
        queue.asyncAfter(deadline: .now() + .seconds(Self.troubleSeconds)) { [self] in
            _ = toldTroubles.withLock { $0.remove(trouble) }
        }
    }

    /// One line when an upstream turns out to ask this server what it is asked, one when it does no
    /// longer.
    func loop(_ notice: LoopNotice) {
        let questions = notice.domain.isRoot ? "questions" : "questions for \(notice.domain)"
        guard notice.isFound else {
            return write(
                .notice, EventFields(.loopEnded, upstream: notice.upstream),
                "forwarding loop over: \(notice.upstream) is asked again")
        }
        write(
            .error, EventFields(.loopFound, upstream: notice.upstream),
            "forwarding loop: \(notice.upstream) sends \(questions) back to this server; name "
                + "another upstream in \"forward\", or let that server ask another one than this")
    }

    /// A worker could not listen where it was told to.
    func failed(_ text: String) {
        write(.error, EventFields(.listening), text)
    }

    /// One line for a query and its answer; false when there is no room for it.
    func query(_ line: QueryLine) -> Bool {
        guard backlog.load(ordering: .relaxed) < Self.roomForQueries else { return false }
        write(.info, EventFields(line), line.journalText)
        return true
    }

    /// How it is with the file or the collector of the query log.
    func sink(_ level: Logger.Level, _ text: String) { write(level, EventFields(.querySink), text) }

    /// One line when descriptors run out; the next after ten minutes at the soonest, however many
    /// connections come.
    func descriptorsRanOut() {
        guard !toldDescriptors.exchange(true, ordering: .relaxed) else { return }
        let limit = descriptorLimit().map { "\($0)" } ?? "?"
        write(
            .warning, EventFields(.descriptors),
            "descriptors have run out: the process may have \(limit) (LimitNOFILE= of the unit); "
                + "new TCP connections are let in for idle ones, or refused")
        queue.asyncAfter(deadline: .now() + .seconds(Self.troubleSeconds)) { [self] in
            toldDescriptors.store(false, ordering: .relaxed)
        }
    }

    /// How it is with memory.
    func memory(_ level: Logger.Level, _ text: String) { write(level, EventFields(.memory), text) }

    /// Lines of the query log were dropped.
    func linesDropped(_ text: String) { write(.warning, EventFields(.linesDropped), text) }

    private func summarize(_ upstream: UpstreamAddress) {
        guard let text = outages.withLock({ $0.close(upstream) }) else { return }
        logger.log(
            .error, "\(text): \(upstream) fails", EventFields(.queryFailed, upstream: upstream))
    }

    private func write(
        _ level: Logger.Level, _ fields: @autoclosure @escaping @Sendable () -> EventFields,
        _ text: @autoclosure @escaping @Sendable () -> String
    ) {
        guard backlog.load(ordering: .relaxed) < Self.maximumBacklog else {
            dropped.add(1, ordering: .relaxed)
            return
        }
        backlog.add(1, ordering: .relaxed)
        queue.async { [self] in
            backlog.subtract(1, ordering: .relaxed)
            let lost = dropped.exchange(0, ordering: .relaxed)
            if lost > 0 {
                logger.warning(
                    "\(lost) log lines were dropped: the log is too slow", .linesDropped)
            }
            logger.log(level, text(), fields())
        }
    }
}
