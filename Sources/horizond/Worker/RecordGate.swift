import DNS

/// Decides which of a worker's queries become records for the query log and the page. A household's queries
/// all do. Of a flood the page gets so many that it costs the worker a hundredth of its time, each
/// standing for those that were passed over. Owned by the worker's queue.
struct RecordGate {
    /// Records for the page alone in an interval: 2,000 a second.
    static let observedPerInterval = 100
    static let interval: Int64 = 50_000_000

    private var intervalEnd: Int64 = 0
    private var room = 0
    /// Queries that no record stands for yet.
    private var passedOver: UInt32 = 0
    /// Queries until the next one for the log.
    private var untilLogged: UInt32 = 0

    /// What a query is wanted for.
    struct Admission: Equatable {
        /// How many queries the record stands for, itself included; 0 when the page does not want it.
        let weight: UInt32
        let isForFollowers: Bool
        let isForLog: Bool
        /// Whether the record has the whole response.
        let isWhole: Bool
    }

    /// nil when nobody wants the query. `now` is monotonic nanoseconds.
    mutating func admit(_ demand: RecordDemand, rcode: UInt8, now: Int64) -> Admission? {
        let isForLog = isNextForLog(demand, rcode)
        let weight = demand.isObserved ? weightOfNext(now) : 0
        guard isForLog || demand.isFollowed || weight > 0 else { return nil }
        return Admission(
            weight: weight, isForFollowers: demand.isFollowed, isForLog: isForLog,
            isWhole: isForLog && demand.isWhole)
    }

    private mutating func isNextForLog(_ demand: RecordDemand, _ rcode: UInt8) -> Bool {
        guard demand.stride > 0 else { return false }
        guard !demand.isErrorsOnly || Self.isError(rcode) else { return false }
        // A sample with steps all alike would never see what clients ask in turn: every other query of
        // many is for AAAA.
        let longest = 2 * min(demand.stride - 1, .max / 2)
        guard untilLogged == 0 || untilLogged > longest else {
            untilLogged -= 1
            return false
        }
        untilLogged = longest == 0 ? 0 : .random(in: 0...longest)
        return true
    }

    /// Whether a response with this code is none that a client can use.
    private static func isError(_ rcode: UInt8) -> Bool {
        let rcode = RCode(rawValue: UInt16(rcode))
        return rcode != .noError && rcode != .nameError
    }

    private mutating func weightOfNext(_ now: Int64) -> UInt32 {
        if now >= intervalEnd {
            intervalEnd = now + Self.interval
            room = Self.observedPerInterval
        }
        guard room > 0 else {
            passedOver &+= 1
            return 0
        }
        room -= 1
        defer { passedOver = 0 }
        return passedOver &+ 1
    }
}
