import DNS
import Dispatch
import Nameserver
import Synchronization

/// The queries and their answers, for who follows them and for the journal. Workers leave records, and
/// a queue of its own makes lines of them: where queries come faster than that, lines are lost and
/// counted, never queries.
///
/// @unchecked Sendable: the followers and the kept lines are touched on its queue alone.
final class QueryLog: @unchecked Sendable {
    /// What waits to be looked at, in records of some 700 octets.
    private static let maximumBacklog = 2048
    /// Records are taken together so often: soon enough to watch, and, with the backlog, at most some
    /// 40,000 a second, so that the log takes no more than a part of one processor.
    private static let interval = DispatchTimeInterval.milliseconds(50)
    /// How often it is looked whether one who did not read does so again.
    private static let reminderInterval = DispatchTimeInterval.seconds(1)
    /// The last lines, for who comes later.
    static let maximumKept = 1000

    /// What the workers are to add.
    let demand = SharedDemand()
    private let backlog = Mutex(Backlog())
    /// Records that had no room here since the start.
    private let lostSoFar = Atomic<UInt64>(0)
    private let queue = DispatchQueue(label: "query-log", qos: .default)
    private let events: EventLog
    private var isJournaled = false
    private var followers: [Int: Follower] = [:]
    private var followersSoFar = 0
    private var observer: (@Sendable ([QueryRecord]) -> Void)?
    private var kept: [QueryLine] = []
    private var willTellLost = false

    private struct Backlog {
        var records: [QueryRecord] = []
        var lostForLog = 0
        var lostForFollowers = 0
    }

    private struct Follower {
        let filter: QueryFilter
        let reply: ControlReply<LogLine>
        /// Lines that it was not told.
        var lost = 0

        /// Tells how many lines were lost, once there is room.
        mutating func tellLost() {
            if lost > 0, reply.offer(.lost(lost)) { lost = 0 }
        }
    }

    init(_ events: EventLog) { self.events = events }

    /// Lines that were lost since the start, for want of room here or on the way to the journal.
    var linesLost: UInt64 { lostSoFar.load(ordering: .relaxed) &+ events.linesDropped }

    func add(_ record: QueryRecord) {
        let isFirst = backlog.withLock { backlog in
            guard backlog.records.count < Self.maximumBacklog else {
                if record.isForLog { backlog.lostForLog += 1 }
                if record.isForFollowers { backlog.lostForFollowers += 1 }
                return false
            }
            backlog.records.append(record)
            return backlog.records.count == 1
        }
        if isFirst { queue.asyncAfter(deadline: .now() + Self.interval) { [self] in drain() } }
    }

    /// Whether every query is a line of the journal.
    func configure(isJournaled: Bool) {
        queue.async { [self] in
            self.isJournaled = isJournaled
            noteWhetherWanted()
        }
    }

    /// Shows `observer` the records, on the log's queue: those with a weight are for it. nil ends that.
    func observe(_ observer: (@Sendable ([QueryRecord]) -> Void)?) {
        queue.async { [self] in
            self.observer = observer
            noteWhetherWanted()
        }
    }

    // MARK: Followers

    /// Writes up to `count` of the kept lines to `reply`, the last ones; and then, with `follow`, what
    /// comes until the tool goes.
    func tell(
        _ reply: ControlReply<LogLine>, _ filter: QueryFilter, last count: Int, follow: Bool
    ) {
        queue.async { [self] in
            let lines = kept.filter(filter.matches).suffix(min(max(0, count), Self.maximumKept))
            for line in lines { reply.send(.query(line)) }
            guard follow else { return reply.end() }
            followersSoFar += 1
            let number = followersSoFar
            followers[number] = Follower(filter: filter, reply: reply)
            noteWhetherWanted()
            reply.onCancel { [weak self] in self?.remove(number) }
        }
    }

    private func remove(_ number: Int) {
        queue.async { [self] in
            followers[number] = nil
            noteWhetherWanted()
        }
    }

    private func noteWhetherWanted() {
        demand.set(
            RecordDemand(
                isObserved: observer != nil, isFollowed: !followers.isEmpty,
                stride: isJournaled ? 1 : 0))
    }

    // MARK: Lines

    private func drain() {
        let taken = backlog.withLock { backlog in
            defer { backlog = Backlog() }
            return backlog
        }
        observer?(taken.records)
        for record in taken.records where record.isForLog || record.isForFollowers { tell(record) }
        if taken.lostForLog > 0, isJournaled { events.lost(taken.lostForLog) }
        for number in followers.keys { followers[number]?.lost += taken.lostForFollowers }
        lostSoFar.add(UInt64(taken.lostForLog), ordering: .relaxed)
        tellLost()
    }

    /// Tells followers what they lost; those that do not read, once they do, whether or not more
    /// queries come.
    private func tellLost() {
        for number in followers.keys { followers[number]?.tellLost() }
        guard !willTellLost, followers.values.contains(where: { $0.lost > 0 }) else { return }
        willTellLost = true
        queue.asyncAfter(deadline: .now() + Self.reminderInterval) { [self] in
            willTellLost = false
            tellLost()
        }
    }

    private func tell(_ record: QueryRecord) {
        var wanting: [Int] = []
        for (number, follower) in followers where follower.filter.matches(record) {
            followers[number]?.tellLost()
            if follower.reply.hasRoom { wanting.append(number) } else { addLost(number) }
        }
        let isForJournal = isJournaled && record.isForLog
        guard isForJournal || !wanting.isEmpty,
            let line = QueryLine(record)
        else { return }
        if isForJournal { events.query(line) }
        for number in wanting where followers[number]?.reply.offer(.query(line)) == false {
            addLost(number)
        }
        if kept.count >= 2 * Self.maximumKept { kept.removeFirst(Self.maximumKept) }
        kept.append(line)
    }

    private func addLost(_ number: Int) { followers[number]?.lost += 1 }
}
