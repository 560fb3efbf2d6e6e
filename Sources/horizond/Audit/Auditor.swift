import Configuration
import DNS
import Dispatch
import Foundation
import Nameserver
import Synchronization

/// Asks for every owned name what clients get and what the public zone says, and compares the two.
/// It takes its time, so it is not to be used on a worker's or the control queue.
struct Auditor: Sendable {
    /// Names that are asked for at the same time; upstreams that are slow hold none of the others up.
    private static let inFlight = 8

    /// What is to be audited.
    struct Scope: Sendable {
        /// The view of this name alone.
        var view: String?
        /// The zone of this apex alone.
        var zone: DomainName?
        /// The most names; of more a sample is taken.
        var limit = 1000
    }

    private let inquirer: Inquirer
    private let snapshot: Snapshot
    /// The public side: the same upstreams, without the zones and policies.
    private let outside: Snapshot
    private let pace = Pace()
    /// A label that nobody has, in the place of a wildcard's.
    private let probe: DomainName

    init(_ inquirer: Inquirer, _ snapshot: Snapshot) {
        self.inquirer = inquirer
        self.snapshot = snapshot
        outside = Snapshot(unfiltered: snapshot, hasZones: false)
        let letters = (0..<12).map { _ in UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z")) }
        probe = DomainName(labels: [letters]) ?? .root
    }

    /// One thing to look at.
    private enum Task: Sendable {
        case name(NameAudit)
        case zone(ServiceAudit)

        func run() -> AuditReport {
            switch self {
            case .name(let audit): audit.run()
            case .zone(let audit): audit.run()
            }
        }
    }

    /// Audits what `scope` names; nil when `isCancelled` before the end. That is called on
    /// any queue.
    func audit(
        _ scope: Scope, progress: WorkProgress? = nil,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) -> AuditReport? {
        var report = AuditReport()
        let tasks = tasks(scope, &report)
        progress?.begin("audit", counting: "names", whole: tasks.count)
        let state = Mutex((next: 0, done: 0, report: report))
        let group = DispatchGroup()
        let queue = DispatchQueue(label: "audit", attributes: .concurrent)
        for _ in 0..<min(Self.inFlight, tasks.count) {
            queue.async(group: group) {
                while let task = state.withLock({ state -> Task? in
                    guard state.next < tasks.count, !isCancelled() else { return nil }
                    defer { state.next += 1 }
                    return tasks[state.next]
                }) {
                    let found = task.run()
                    state.withLock { state in
                        state.report.add(found)
                        state.done += 1
                        progress?.count(1)
                        progress?.amountDone = state.done
                    }
                }
            }
        }
        group.wait()
        return state.withLock { $0.done == tasks.count ? $0.report.sorted : nil }
    }

    /// The names and zones to look at; notes in the report what is left out.
    private func tasks(_ scope: Scope, _ report: inout AuditReport) -> [Task] {
        var tasks: [Task] = []
        var names: [(AuditedView, OverlayName)] = []
        let views = snapshot.views.filter {
            (scope.view == nil || scope.view == $0.name) && !overlays(of: $0, scope).isEmpty
        }
        let total = views.reduce(0) { $0 + count($1, scope) }
        let step = 1 + max(0, total - 1) / max(1, scope.limit)
        var number = 0
        for view in views {
            guard let client = snapshot.client(of: view) else {
                report.unreachableViews.append(view.name)
                continue
            }
            let audited = AuditedView(
                view: view, client: client, inside: snapshot, outside: outside,
                inquirer: inquirer, pace: pace)
            for apex in overlays(of: view, scope) {
                tasks.append(.zone(ServiceAudit(view: audited, apex: apex)))
                view.forEachName(ofOverlay: apex, probe: probe) { name in
                    defer { number += 1 }
                    // Wildcards stand for many, and are few.
                    guard number.isMultiple(of: step) || name.owner.isWildcard else { return }
                    names.append((audited, name))
                    if name.owner.isWildcard, !name.isPublic {
                        report.wildcards.append(name.owner.lineDescription)
                    }
                }
            }
        }
        report.total = total
        report.wildcards = Array(Set(report.wildcards)).sorted()
        return tasks + names.map { .name(NameAudit(view: $0, name: $1)) }
    }

    private func overlays(of view: View, _ scope: Scope) -> [DomainName] {
        view.overlays.filter { scope.zone == nil || scope.zone == $0 }
    }

    private func count(_ view: View, _ scope: Scope) -> Int {
        var count = 0
        for apex in overlays(of: view, scope) {
            view.forEachName(ofOverlay: apex, probe: probe) { _ in count += 1 }
        }
        return count
    }
}

/// A view with a client that has it, and both sides of its horizon.
struct AuditedView: Sendable {
    let view: View
    let client: IPAddress
    let inside: Snapshot
    let outside: Snapshot
    let inquirer: Inquirer
    let pace: Pace

    /// What the client gets; nil when there is no answer.
    func ask(_ name: DomainName, _ type: RRType) -> AuditAnswer? {
        ask(name, type, on: inside, mayBeLocal: decidesHere(name, type))
    }

    /// What the public zone says; nil when it does not answer.
    func askOutside(_ name: DomainName, _ type: RRType) -> AuditAnswer? {
        ask(name, type, on: outside, mayBeLocal: false)
    }

    /// Whether a zone here decides about the name and type.
    func decidesHere(_ name: DomainName, _ type: RRType) -> Bool {
        if case .zone = view.decision(name, type) { true } else { false }
    }

    /// The line that decides about the name's address.
    func place(_ name: DomainName) -> String? {
        switch view.decision(name, .a) {
        case .zone(let zone): zone.owner?.place?.description
        case .forward(let forward): forward.passedBy?.owner?.place?.description
        case .refused: nil
        }
    }

    private func ask(
        _ name: DomainName, _ type: RRType, on snapshot: Snapshot, mayBeLocal: Bool
    ) -> AuditAnswer? {
        if !mayBeLocal { pace.wait() }
        guard let result = inquirer.ask(name, type, from: client, on: snapshot) else { return nil }
        if !mayBeLocal, result.source != .upstream { pace.giveBack() }
        return AuditAnswer(result.octets).flatMap { $0.isAnswered ? $0 : nil }
    }
}
