import Configuration
import DNS
import Dispatch
import Foundation
import Nameserver
import Synchronization

/// The queries and their answers, for who follows them, for the page and for the sink that the
/// configuration names. Workers leave records, and a queue of its own makes lines of them: where queries
/// come faster than that, lines are lost and counted, never queries.
///
/// @unchecked Sendable: what it knows of its readers is touched on its queue alone.
final class QueryLog: @unchecked Sendable {
    /// What waits to be looked at, in records of some 700 octets.
    private static let maximumBacklog = 2048
    /// Its octets of responses, which are whole for dnstap.
    private static let maximumBacklogOctets = 4 << 20
    /// Records are taken together so often: soon enough to watch, and, with the backlog, at most some
    /// 40,000 a second, so that the log takes no more than a part of one processor.
    private static let interval = DispatchTimeInterval.milliseconds(50)
    /// How long the end of the program waits for the last lines.
    private static let farewell = DispatchTimeInterval.seconds(1)

    /// What the workers are to add.
    let demand = SharedDemand()
    private let dropped: DroppedLines
    private let backlog = Mutex(Backlog())
    private let queue = DispatchQueue(label: "query-log", qos: .default)
    /// Where sinks wait for their files and collectors.
    private let sinkQueue = DispatchQueue(label: "query-sink", qos: .default)
    private let events: EventLog
    private var settings = QueryLogSettings()
    private var identity: String?
    private var sink: (any QuerySink)?
    private let followers: QueryFollowers
    private var observer: (@Sendable ([QueryRecord]) -> Void)?

    private struct Backlog {
        var records: [QueryRecord] = []
        var octets = 0
        var lostForLog = 0
        var lostForFollowers = 0
    }

    init(_ events: EventLog) {
        self.events = events
        dropped = DroppedLines(queue: queue, events: events)
        followers = QueryFollowers(queue: queue)
        followers.onChange = { [unowned self] in noteWhetherWanted() }
    }

    /// Lines that the sink never got, or could not write, since the start.
    var linesLost: UInt64 { dropped.count }

    func add(_ record: QueryRecord) {
        let isFirst = backlog.withLock { backlog in
            guard backlog.records.count < Self.maximumBacklog,
                backlog.octets < Self.maximumBacklogOctets
            else {
                if record.isForLog { backlog.lostForLog += 1 }
                if record.isForFollowers { backlog.lostForFollowers += 1 }
                return false
            }
            backlog.records.append(record)
            backlog.octets += record.response.count
            return backlog.records.count == 1
        }
        if isFirst { queue.asyncAfter(deadline: .now() + Self.interval) { [self] in drain() } }
    }

    // MARK: Readers

    /// Writes to another sink from now on, or to the same with its file or collector opened anew.
    /// `identity` is what the server calls itself.
    func configure(_ settings: QueryLogSettings, identity: String?) {
        queue.async { [self] in
            if settings == self.settings, identity == self.identity, let sink {
                return sink.reopen()
            }
            sink?.close()
            self.settings = settings
            self.identity = identity
            sink = makeSink()
            noteWhetherWanted()
        }
    }

    private func makeSink() -> (any QuerySink)? {
        guard settings.which != .off else { return nil }
        switch settings.destination {
        case .journal: return JournalSink(events: events, dropped: dropped)
        case .file(let path, let rotation):
            return QueuedSink(
                path, RotatingFile(path: path, rotation: rotation), queue: sinkQueue,
                events: events, dropped: dropped
            ) { query, octets in octets += ControlProtocol.line(query.line) }
        case .dnstap(let path):
            let frame = DnstapFrame(
                identity: identity ?? ProcessInfo.processInfo.hostName, clients: settings.clients)
            return QueuedSink(
                path, DnstapCollector(path: path), queue: sinkQueue, events: events,
                dropped: dropped
            ) { query, octets in frame.append(query, to: &octets) }
        }
    }

    /// Shows `observer` the records, on the log's queue: those with a weight are for it. nil ends that.
    func observe(_ observer: (@Sendable ([QueryRecord]) -> Void)?) {
        queue.async { [self] in
            self.observer = observer
            noteWhetherWanted()
        }
    }

    /// Writes up to `count` of the kept lines to `reply`, the last ones; and then, with `follow`, what
    /// comes until the tool goes.
    func tell(
        _ reply: ControlReply<LogLine>, _ filter: QueryFilter, last count: Int, follow: Bool
    ) {
        queue.async { [self] in followers.tell(reply, filter, last: count, follow: follow) }
    }

    private func noteWhetherWanted() {
        var demand = RecordDemand(isObserved: observer != nil, isFollowed: !followers.isEmpty)
        if sink != nil {
            demand.stride = UInt32(settings.sample)
            demand.isErrorsOnly = settings.which == .errors
            if case .dnstap = settings.destination { demand.isWhole = true }
        }
        self.demand.set(demand)
    }

    /// Writes what is there before the program ends.
    func finish() {
        queue.sync {
            drain()
            sink?.close()
            sink = nil
            noteWhetherWanted()
        }
        // A sink that hangs does not keep the process.
        let isWritten = DispatchSemaphore(value: 0)
        sinkQueue.async { isWritten.signal() }
        _ = isWritten.wait(timeout: .now() + Self.farewell)
    }

    // MARK: Lines

    private func drain() {
        let taken = backlog.withLock { backlog in
            defer { backlog = Backlog() }
            return backlog
        }
        observer?(taken.records)
        var logged: [LoggedQuery] = []
        for record in taken.records where record.isForLog || record.isForFollowers {
            let isLogged = record.isForLog && sink != nil
            let isShown = record.isForFollowers && followers.want(record)
            guard isLogged || isShown else { continue }
            // What is logged only is also kept only as it is logged.
            let clients = isShown ? .full : settings.clients
            guard let line = QueryLine(record, clients: clients) else { continue }
            followers.keep(line)
            if isShown { followers.show(line) }
            guard isLogged else { continue }
            let loggedLine =
                clients == settings.clients ? line : QueryLine(record, clients: settings.clients)
            if let loggedLine { logged.append(LoggedQuery(record: record, line: loggedLine)) }
        }
        if !logged.isEmpty { sink?.take(logged) }
        if sink != nil { dropped.add(taken.lostForLog) }
        followers.lost(taken.lostForFollowers)
    }
}
