import Admin
import Configuration
import Dispatch
import Nameserver

/// What the page shows of the past.
extension Service {
    private static let defaultTop = 20
    private static let maximumTop = 100
    private static let defaultLines = 200

    // MARK: Keeping it

    /// Keeps what happens as long as there are pages to show it on.
    func configureActivity() {
        let isWanted = !configuration.admin.listen.isEmpty
        guard isWanted != (activityTimer != nil) else { return }
        guard isWanted else {
            activityTimer?.cancel()
            activityTimer = nil
            shared.queryLog.observe(nil)
            return activity.end()
        }
        shared.queryLog.observe { [activity] in activity.observe($0, at: .now) }
        readActivity { [activity] in activity.begin($0, at: .now) }
        let timer = DispatchSource.makeTimerSource(queue: control)
        timer.setEventHandler { [unowned self] in
            readActivity { [activity] in activity.add($0, at: .now) }
        }
        let step = DispatchTimeInterval.seconds(QueryHistory.stepSeconds)
        timer.schedule(deadline: .now() + step, repeating: step, leeway: .milliseconds(50))
        activityTimer = timer
        timer.activate()
    }

    /// Gives what all workers have counted, unless the pages are gone by then.
    private func readActivity(_ done: @escaping @Sendable (HistoryCounts) -> Void) {
        gatherStatistics { [self] report in
            if activityTimer != nil { done(HistoryCounts(report)) }
        }
    }

    // MARK: Telling it

    func tellHistory(_ request: AdminRequest) async -> AdminReply {
        await tell { [activity] () throws(ActivityRequest.Mistake) in
            activity.history(after: try ActivityRequest(request.parameters).time("after"))
        }
    }

    func tellTop(_ request: AdminRequest) async -> AdminReply {
        let (audits, interval) = await onControl { [self] in
            (auditStatistics, configuration.auditInterval)
        }
        return await tell { [activity] () throws(ActivityRequest.Mistake) in
            let range = 1...Self.maximumTop
            let count = try ActivityRequest(request.parameters).number("count", in: range)
            var reply = activity.top(count: count ?? Self.defaultTop)
            reply?.leaks = audits.leaking
            reply?.audit = TopReply.Audit(lastAt: audits.lastEnded, every: interval)
            return reply
        }
    }

    func tellRecent(_ request: AdminRequest) async -> AdminReply {
        let views = published.served.snapshot.views.map(\.name)
        return await tell { [activity] () throws(ActivityRequest.Mistake) in
            let request = ActivityRequest(request.parameters)
            let filter = try request.filter(views: views)
            let count = try request.number("count", in: 1...RecentQueries.kept)
            return activity.recent(
                after: try request.number("after", in: 0...Int.max),
                count: count ?? Self.defaultLines, filter.matches)
        }
    }

    private func tell(
        _ reply: () throws(ActivityRequest.Mistake) -> (some Encodable)?
    ) async -> AdminReply {
        do throws(ActivityRequest.Mistake) {
            guard let reply = try reply() else {
                return .error(503, "the server has only just started")
            }
            return .json(reply)
        } catch {
            return .error(400, "\(error)")
        }
    }
}
