import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite(
        "Two nodes with one address, by keepalived's VRRP",
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct TwoNodesTests {
        /// What keepalived.conf says, in seconds: two checks a second apart find a server gone; a node
        /// that is not heard from for 3.6 intervals is; one that says farewell leaves after 0.6 of one.
        private enum Limit {
            static let serverGone = 2.0 + 0.12
            static let nodeGone = 3.6 * 0.2
            static let farewell = 0.6 * 0.2
            /// For programs to start and messages to pass, on a machine that does much else.
            static let slack = 1.0
        }

        /// What the client saw of an event.
        private struct Outage: CustomStringConvertible {
            let event: String
            let limit: Double
            let asked: Int
            let lost: Int
            /// From the first query that nobody answered to the first one after the last such.
            let seconds: Double

            init(
                _ event: String, _ limit: Double, _ lookups: [SteadyClient.Lookup],
                from start: ContinuousClock.Instant, to end: ContinuousClock.Instant
            ) {
                self.event = event
                self.limit = limit
                let during = lookups.filter { $0.started >= start && $0.started < end }
                asked = during.count
                lost = during.count { $0.answered == nil }
                let last = lookups.last { $0.started < end && $0.answered == nil }?.started
                let first = during.first { $0.answered == nil }?.started
                guard let first, let last else {
                    seconds = 0
                    return
                }
                let after = lookups.first { $0.started > last && $0.answered != nil }
                seconds = after.map { ($0.started - first) / .seconds(1) } ?? .infinity
            }

            var description: String {
                "\(event): \(lost) of \(asked) queries lost, "
                    + String(format: "%.2f s", seconds)
            }
        }

        @Test(
            "The other node answers within what the timers allow, whatever ends on the first; no lookup that is tried again fails, and what comes back moves nothing"
        )
        func failover() throws {
            let nodes = try TwoNodes()
            let (a, b) = (nodes.nodes[0], nodes.nodes[1])
            var servers = [a.name: try a.startServer(), b.name: try b.startServer()]
            var keepalived = [a.name: try a.startKeepalived(), b.name: try b.startKeepalived()]
            #expect(try eventually { try nodes.answering() != nil })
            let shared = Endpoint(try #require(IPAddress(TwoNodes.sharedAddress)), 53)
            let (once, again) = try nodes.client.inside {
                (
                    try SteadyClient(asking: shared, rate: 500, attempts: 1),
                    try SteadyClient(asking: shared, rate: 50, attempts: 5)
                )
            }
            var events: [(String, Double, ContinuousClock.Instant)] = []
            func note(_ event: String, _ limit: Double) {
                events.append((event, limit, .now))
            }
            /// Has `end` happen to the node that answers, and gives it as soon as the other one does.
            func move(
                _ event: String, within limit: Double, _ end: (Node) throws -> Void
            ) throws -> Node {
                let first = try #require(try nodes.answering() as Node?)
                note(event, limit)
                try end(first)
                #expect(
                    try eventually {
                        guard let now = try nodes.answering() else { return false }
                        return now !== first
                    }, "nobody answers: \(event)")
                // Whatever is lost behind it is counted, too.
                pause(.milliseconds(300))
                return first
            }
            /// Has `begin` happen to a node that is away, until keepalived finds it well.
            func comeBack(_ node: Node, _ begin: (Node) throws -> Void) throws {
                let holder = try nodes.answering()
                note("and back", 0)
                let before = node.timesInState
                try begin(node)
                #expect(eventually(within: .seconds(6)) { node.timesInState > before })
                pause(.milliseconds(300))
                #expect(try nodes.answering() === holder, "the address stays where it is")
            }

            var away = try move("server killed", within: Limit.serverGone) {
                servers[$0.name]?.signal(SIGKILL)
            }
            try comeBack(away) { servers[$0.name] = try $0.startServer() }
            away = try move("server stopped", within: Limit.serverGone) {
                servers[$0.name]?.signal(SIGTERM)
            }
            try comeBack(away) { servers[$0.name] = try $0.startServer() }
            away = try move("node unplugged", within: Limit.nodeGone) { try $0.unplug() }
            try comeBack(away) { try $0.plugIn() }
            away = try move("keepalived stopped", within: Limit.farewell) {
                keepalived[$0.name]?.signal(SIGTERM)
            }
            try comeBack(away) { keepalived[$0.name] = try $0.startKeepalived() }

            let (first, second) = (try once.stop(), try again.stop())
            #expect(first.fromElsewhere == 0 && second.fromElsewhere == 0)
            let ends = events.dropFirst().map(\.2) + [.now]
            let outages = zip(events, ends).map {
                Outage($0.0, $0.1, first.lookups, from: $0.2, to: $1)
            }
            for outage in outages {
                print("two nodes: \(outage)")
                guard outage.limit > 0 else {
                    #expect(outage.lost == 0, "\(outage)")
                    continue
                }
                #expect(outage.seconds < outage.limit + Limit.slack, "\(outage)")
            }
            let failed = second.lookups.count { $0.answered == nil }
            let longest =
                second.lookups.compactMap { lookup in
                    lookup.answered.map { ($0 - lookup.started) / .seconds(1) }
                }.max() ?? 0
            print(
                "two nodes: \(failed) of \(second.lookups.count) lookups failed that were tried "
                    + String(format: "again each second, the longest took %.2f s", longest))
            #expect(failed == 0)
            #expect(longest < Limit.serverGone + 1 + Limit.slack)
        }
    }
}
