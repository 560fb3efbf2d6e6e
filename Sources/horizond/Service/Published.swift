import Nameserver
import Synchronization
import Transport

/// All that a configuration makes the workers serve.
struct Served: Sendable {
    var snapshot: Snapshot
    /// What TLS connections to upstreams are made with; nil where the configuration has none.
    let tls: TLSContext?
}

/// What is served. A reload publishes a new one; every worker compares the generation once a round
/// and takes the new one when it changed.
final class Published: Sendable {
    private let number: Atomic<Int>
    private let current: Mutex<Served>

    init(_ served: Served) {
        number = Atomic(0)
        current = Mutex(served)
    }

    /// Changes with everything published.
    var generation: Int { number.load(ordering: .acquiring) }

    var served: Served { current.withLock { $0 } }

    /// Publishes `served` and returns what was before, to be freed when no query is on it any more.
    func publish(_ served: Served) -> Served {
        let old = current.withLock { current in
            let old = current
            current = served
            return old
        }
        number.add(1, ordering: .releasing)
        return old
    }
}
