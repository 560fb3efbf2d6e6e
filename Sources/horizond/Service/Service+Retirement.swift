import Dispatch
import Nameserver

/// What is served no more.
extension Service {
    /// How often it is looked whether the last query on an old snapshot has ended.
    private static let retirementInterval = DispatchTimeInterval.milliseconds(100)

    /// Frees a snapshot when no query is on it any more, which is mostly at once, for a million
    /// records take as much memory as those that replace them.
    func retire(_ served: Served) {
        retired.append(served)
        // A worker without queries lets go of it too when it is woken.
        for worker in workers { worker.mailbox.post(.report {}) }
        if retired.count == 1 { scheduleRetirement() }
    }

    private func scheduleRetirement() {
        control.asyncAfter(deadline: .now() + Self.retirementInterval) { [self] in
            let unused = retired.indices.filter { isKnownUniquelyReferenced(&retired[$0].snapshot) }
            let freed = unused.reversed().map { retired.remove(at: $0) }
            if !freed.isEmpty { free(freed) }
            if !retired.isEmpty { scheduleRetirement() }
        }
    }

    /// Frees snapshots in the background: a million records take a while.
    private func free(_ served: consuming [Served]) {
        background.async { [served] in
            withExtendedLifetime(served) {}
        }
        // Queued behind it, when the closure above and what it held are gone.
        background.async { FreeMemory.returnToSystem() }
    }
}
