import Dispatch

/// Those who follow the query log, and the last lines for who comes later.
///
/// @unchecked Sendable: it is used on the log's queue alone.
final class QueryFollowers: @unchecked Sendable {
    /// How often it is looked whether one who did not read does so again.
    private static let reminderInterval = DispatchTimeInterval.seconds(1)
    /// The last lines, for who comes later.
    static let maximumKept = 1000

    /// Called when the first came or one has gone.
    var onChange: () -> Void = {}
    private let queue: DispatchQueue
    private var followers: [Int: Follower] = [:]
    private var followersSoFar = 0
    /// Who wants the record that was asked about last.
    private var wanting: [Int] = []
    private var kept: [QueryLine] = []
    private var willTellLost = false

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

    init(queue: DispatchQueue) { self.queue = queue }

    var isEmpty: Bool { followers.isEmpty }

    func tell(
        _ reply: ControlReply<LogLine>, _ filter: QueryFilter, last count: Int, follow: Bool
    ) {
        let lines = kept.filter(filter.matches).suffix(min(max(0, count), Self.maximumKept))
        for line in lines { reply.send(.query(line)) }
        guard follow else { return reply.end() }
        followersSoFar += 1
        let number = followersSoFar
        followers[number] = Follower(filter: filter, reply: reply)
        onChange()
        reply.onCancel { [weak self] in
            guard let self else { return }
            queue.async { self.remove(number) }
        }
    }

    private func remove(_ number: Int) {
        followers[number] = nil
        onChange()
    }

    /// Whether somebody wants this record's line and has room for it.
    func want(_ record: QueryRecord) -> Bool {
        wanting = []
        for (number, follower) in followers where follower.filter.matches(record) {
            followers[number]?.tellLost()
            if follower.reply.hasRoom { wanting.append(number) } else { addLost(number) }
        }
        return !wanting.isEmpty
    }

    /// Shows the line to those who want its record, which were asked last.
    func show(_ line: QueryLine) {
        for number in wanting where followers[number]?.reply.offer(.query(line)) == false {
            addLost(number)
        }
    }

    func keep(_ line: QueryLine) {
        if kept.count >= 2 * Self.maximumKept { kept.removeFirst(Self.maximumKept) }
        kept.append(line)
    }

    /// So many records never came here.
    func lost(_ count: Int) {
        for number in followers.keys { followers[number]?.lost += count }
        tellLost()
    }

    private func addLost(_ number: Int) { followers[number]?.lost += 1 }

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
}
