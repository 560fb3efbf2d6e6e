import Nameserver
import Synchronization

/// The snapshot that is served. A reload publishes a new one; every worker compares the generation
/// once a round and takes the new one when it changed.
final class Published: Sendable {
    private let number: Atomic<Int>
    private let current: Mutex<Snapshot>

    init(_ snapshot: Snapshot) {
        number = Atomic(0)
        current = Mutex(snapshot)
    }

    /// Changes with every snapshot.
    var generation: Int { number.load(ordering: .acquiring) }

    var snapshot: Snapshot { current.withLock { $0 } }

    /// Publishes `snapshot` and returns the one before, to be freed when no query is on it any more.
    func publish(_ snapshot: Snapshot) -> Snapshot {
        let old = current.withLock { current in
            let old = current
            current = snapshot
            return old
        }
        number.add(1, ordering: .releasing)
        return old
    }
}
