package import DNS
import Synchronization

/// Finds upstreams that send what they are asked back to this server, such as a router whose own
/// upstream it is. When an upstream does not answer, it is asked for names that nobody else knows; if
/// a client asks for one of them, the question has come full circle. Shared by all workers.
///
/// Two names are asked for. One lies below the domain of the forward rule, where only the upstream and
/// whom it trusts see it: if that comes back, the upstream is left out for the rule. The other lies
/// below the name that was not answered, so that it takes just the same way. The servers of that name
/// may see it too and let a client ask for it, so it ends the questions for that name, and no others.
package final class LoopGuard: Sendable {
    /// A name that was asked for.
    struct Check {
        let upstream: Upstream
        /// The domain that loops if the name comes back: of a rule, or a single name.
        let domain: DomainName
        /// Whether `domain` is that of a rule.
        let isOfRule: Bool
        let name: DomainName
    }

    /// Those under way, by the token that their names begin with.
    private let checks = Mutex<[UInt64: Check]>([:])
    /// How many there are: every miss looks here first.
    private let count = Atomic<Int>(0)

    /// How long a check may take to come back, in nanoseconds: the router may ask another server
    /// before this one.
    static let patience: Int64 = 2_000_000_000
    /// From one check of an upstream to the next, in nanoseconds.
    static let interval: Int64 = 10_000_000_000
    /// A token's label: 16 hexadecimal digits behind their length.
    private static let labelLength = 17

    package init() {}

    /// The name to ask `upstream` for, below the domain of a rule.
    func begin(
        _ upstream: Upstream, below rule: ActiveForwardRule, token: UInt64, second: UInt64
    ) -> DomainName? {
        // A second label, since some routers keep single ones to themselves.
        begin(
            upstream, token, Self.label(token) + Self.label(second), rule.domain, isOfRule: true)
    }

    /// The name to ask `upstream` for, below a name that it did not answer.
    func begin(_ upstream: Upstream, below name: DomainName, token: UInt64) -> DomainName? {
        begin(upstream, token, Self.label(token), name, isOfRule: false)
    }

    /// nil when the name would be too long.
    private func begin(
        _ upstream: Upstream, _ token: UInt64, _ labels: [UInt8], _ domain: DomainName,
        isOfRule: Bool
    ) -> DomainName? {
        guard labels.count + domain.octets.count <= DomainName.maximumLength else { return nil }
        let name = DomainName(uncheckedOctets: labels + domain.octets.map(lowercased))
        let check = Check(upstream: upstream, domain: domain, isOfRule: isOfRule, name: name)
        checks.withLock { $0[token] = check }
        count.add(1, ordering: .relaxed)
        return name
    }

    private static func label(_ number: UInt64) -> [UInt8] {
        let digits = Array(String(number, radix: 16).utf8)
        return [16] + [UInt8](repeating: 0x30, count: 16 - digits.count) + digits
    }

    /// A check is over, whatever came of it.
    func end(_ token: UInt64) {
        let isRemoved = checks.withLock { $0.removeValue(forKey: token) != nil }
        if isRemoved { count.subtract(1, ordering: .relaxed) }
    }

    /// The check that has come back with this question; nil for any other question.
    func check(in question: UpstreamQuestion) -> Check? {
        guard count.load(ordering: .relaxed) > 0, question.type == .txt else { return nil }
        let name = question.name.octets
        guard name.count > Self.labelLength, name[0] == 16,
            let digits = String(validating: name[1..<Self.labelLength], as: UTF8.self),
            let token = UInt64(digits, radix: 16),
            let check = checks.withLock({ $0[token] }), check.name == question.name
        else { return nil }
        return check
    }
}

/// What the operator is told of a loop.
package struct LoopNotice: Sendable {
    package let upstream: UpstreamAddress
    /// The domain of the forward rule.
    package let domain: DomainName
    /// Whether it has begun; else it has ended.
    package let isFound: Bool
}

/// The watch over one upstream of a rule: checks under way, or the time until the next one.
struct LoopWatch {
    let upstream: Upstream
    /// The question that was not answered.
    let question: UpstreamQuestion
    /// The checks that were sent: their names' tokens and their exchanges.
    var checks: [(token: UInt64, exchange: UInt64)] = []
    /// When they were sent; nil between two.
    var sentAt: Int64?
    /// When the checks are over, or when the next one is due.
    var deadline: Int64

    var rule: ActiveForwardRule { question.rule }

    /// A question that only the way matters of: TXT, which no overlay answers.
    static func query(for name: DomainName) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: Header.length + name.octets.count + 4)
        let length = octets.count
        var writer = MessageWriter(octets.mutableSpan, limit: length)
        writer.write(Header(id: 0, flags: Header.Flag.recursionDesired, questionCount: 1))
        writer.write(Question(name: name, type: .txt))
        return octets
    }
}
