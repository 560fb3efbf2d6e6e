import Configuration
import Dispatch
import Foundation
import Nameserver

/// What the server's own audits found, for metrics.
struct AuditStatistics: Sendable {
    /// Audits that came to their end.
    private(set) var audits = 0
    /// Seconds since 1970 of the last one; nil before it.
    private(set) var lastEnded: Int?
    /// What the last one found.
    private(set) var names = 0
    private(set) var findings: [Finding: Int] = [:]

    /// What a finding is about.
    struct Finding: Hashable {
        let view: String
        let kind: AuditReport.Kind
    }

    mutating func add(_ report: AuditReport) {
        audits += 1
        lastEnded = Int(Date().timeIntervalSince1970)
        names = report.checked
        findings = [:]
        for kind in AuditReport.Kind.allCases {
            for finding in report.findings(kind) {
                findings[Finding(view: finding.view, kind: kind), default: 0] += 1
            }
        }
        leaking = report.leaks.prefix(Self.maximumLeaking).map {
            Leak(view: $0.view, name: $0.name, text: AuditReport.text($0))
        }
    }

    // MARK: For the page

    /// More leaks are only counted.
    static let maximumLeaking = 100

    /// A name with public records beside what is from here.
    struct Leak: Encodable, Equatable {
        let view: String
        let name: String
        let text: String
    }

    /// The leaks of the last audit.
    private(set) var leaking: [Leak] = []
}

/// Audits by the clock (`audit: {every: …}`).
extension Service {
    /// When the first one begins: upstreams have been asked by then, and have answered.
    private static let auditDelay = DispatchTimeInterval.seconds(5)

    /// Begins one soon, and then in the interval of the configuration; none without one.
    func scheduleAudits() {
        auditTimer?.cancel()
        auditTimer = nil
        guard let interval = configuration.auditInterval else { return }
        let timer = DispatchSource.makeTimerSource(queue: control)
        timer.setEventHandler { [unowned self] in audit() }
        timer.schedule(
            deadline: .now() + Self.auditDelay, repeating: .seconds(interval), leeway: .seconds(1))
        auditTimer = timer
        timer.activate()
    }

    /// Begins an audit of what is served, when none runs.
    private func audit() {
        guard !isAuditing else { return }
        isAuditing = true
        let (inquirer, published) = (Inquirer(mailbox: workers[0].mailbox), published)
        let generation = published.generation
        YieldingThread.run { [self] in
            let report = Auditor(inquirer, published.served.snapshot).audit(
                Auditor.Scope(), isCancelled: { published.generation != generation })
            control.async { [self] in finishAudit(report) }
        }
    }

    /// Logs what was found; begins again where another configuration came in between.
    private func finishAudit(_ report: AuditReport?) {
        isAuditing = false
        guard let report else {
            if auditTimer != nil { audit() }
            return
        }
        auditStatistics.add(report)
        let first = report.leaks.first ?? report.misdirected.first
        let example = first.map { "; first: " + AuditReport.line($0) } ?? ""
        let line = "audit: \(report.summary)\(example)"
        if first == nil { log.notice(line, .audit) } else { log.warning(line, .audit) }
    }
}
