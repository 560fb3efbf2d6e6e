package import DNS
import Synchronization

/// The upstream servers by address, so that a reload keeps what is known of them.
package final class UpstreamRegistry: Sendable {
    private let upstreams = Mutex<[UpstreamAddress: Upstream]>([:])
    /// The process's secret for the cookies that servers are shown.
    private let cookieKey: SipHash.Key

    package init(cookieKey: SipHash.Key) {
        self.cookieKey = cookieKey
    }

    package func upstream(_ address: UpstreamAddress) -> Upstream {
        upstreams.withLock { upstreams in
            if let known = upstreams[address] { return known }
            let upstream = Upstream(address, cookieKey: cookieKey)
            upstreams[address] = upstream
            return upstream
        }
    }

    /// All of them, in no order.
    package var all: [Upstream] { upstreams.withLock { Array($0.values) } }

    /// Forgets what the rules of a snapshot, which is served from now on, do not name any more: servers, and
    /// of the others what was learnt by rules that are gone.
    package func keep(only snapshot: Snapshot) {
        upstreams.withLock { upstreams in
            for (address, upstream) in upstreams {
                if let uses = snapshot.uses[address] {
                    upstream.change(to: uses)
                } else {
                    upstream.retire()
                    upstreams[address] = nil
                }
            }
        }
    }
}
