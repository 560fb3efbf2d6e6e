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

        @Test(
            "The other node answers within what the timers allow, and what comes back moves nothing"
        )
        func failover() throws {
            let failover = try Failover()
            try failover.move("server killed", within: Limit.serverGone) {
                failover.signal(SIGKILL, to: .server, of: $0)
            } andBack: {
                try failover.start(.server, of: $0)
            }
            try failover.move("server stopped", within: Limit.serverGone) {
                failover.signal(SIGTERM, to: .server, of: $0)
            } andBack: {
                try failover.start(.server, of: $0)
            }
            try failover.move("node unplugged", within: Limit.nodeGone) {
                try $0.unplug()
            } andBack: {
                try $0.plugIn()
            }
            try failover.move("keepalived stopped", within: Limit.farewell) {
                failover.signal(SIGTERM, to: .keepalived, of: $0)
            } andBack: {
                try failover.start(.keepalived, of: $0)
            }
            let (outages, again) = try failover.stop()
            for outage in outages {
                print("two nodes: \(outage)")
                guard outage.limit > 0 else {
                    #expect(outage.lost == 0, "\(outage)")
                    continue
                }
                #expect(outage.seconds < outage.limit + Limit.slack, "\(outage)")
                // No others than those of that time.
                let most = Int((outage.limit + Limit.slack) * Double(Failover.rate))
                #expect(outage.lost < most, "\(outage)")
            }
            check(again)
        }

        /// Who tries again each second has an answer at the latest a second after the outage.
        private func check(_ lookups: [SteadyClient.Lookup]) {
            let failed = lookups.count { $0.answered == nil }
            let times = lookups.compactMap { lookup in
                lookup.answered.map { ($0 - lookup.started) / .seconds(1) }
            }
            let longest = times.max() ?? 0
            print(
                "two nodes: \(failed) of \(lookups.count) lookups failed that were tried again "
                    + String(format: "each second, the longest took %.2f s", longest))
            #expect(failed == 0)
            #expect(longest < Limit.serverGone + 1 + Limit.slack)
        }
    }
}
