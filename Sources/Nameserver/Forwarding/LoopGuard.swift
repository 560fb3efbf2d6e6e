import DNS
import Synchronization

/// Finds upstreams that send what they are asked back to this server, such as a router whose own
/// upstream it is. When an upstream does not answer, it is asked for a name that nobody else can know;
/// if a client asks for that name, the question has come full circle. Shared by all workers.
package final class LoopGuard: Sendable {
    /// The upstream that each check under way is for, by the token in its name.
    private let checks = Mutex<[UInt64: Upstream]>([:])
    /// How many checks are under way: a miss looks here first.
    private let count = Atomic<Int>(0)

    /// How long a check may take to come back, in nanoseconds: the router may ask another server
    /// before this one.
    static let patience: Int64 = 2_000_000_000
    /// From one check of an upstream to the next, in nanoseconds.
    static let interval: Int64 = 10_000_000_000
    /// A check's label: 16 hexadecimal digits behind their length.
    private static let labelLength = 17

    package init() {}

    /// The name to ask an upstream for: one below `name`, so that it takes the same way. nil when that
    /// would be too long.
    func begin(
        _ upstream: Upstream, token: UInt64, below name: DomainName
    ) -> DomainName? {
        let digits = String(token, radix: 16)
        let label = [UInt8](repeating: 0x30, count: 16 - digits.utf8.count) + Array(digits.utf8)
        guard name.octets.count + Self.labelLength <= DomainName.maximumLength else { return nil }
        checks.withLock { $0[token] = upstream }
        count.add(1, ordering: .relaxed)
        return DomainName(uncheckedOctets: [16] + label + name.octets)
    }

    /// A check is over, whatever came of it.
    func end(_ token: UInt64) {
        let isRemoved = checks.withLock { $0.removeValue(forKey: token) != nil }
        if isRemoved { count.subtract(1, ordering: .relaxed) }
    }

    /// The upstream whose check a question for this name in lower case is; nil for any other name.
    func upstream(askingFor name: [UInt8]) -> Upstream? {
        guard count.load(ordering: .relaxed) > 0, name.count > Self.labelLength, name[0] == 16,
            let digits = String(validating: name[1..<Self.labelLength], as: UTF8.self),
            let token = UInt64(digits, radix: 16)
        else { return nil }
        return checks.withLock { $0[token] }
    }
}

/// What the operator is told of a loop.
package struct LoopNotice: Sendable {
    package let upstream: UpstreamAddress
    /// Whether it has begun; else it has ended.
    package let isFound: Bool
}

/// The watch over one upstream: a check under way, or the time until the next one.
struct LoopWatch {
    let upstream: Upstream
    /// The question whose way is checked.
    let question: UpstreamQuestion
    /// The check that was sent: its name's token, its exchange and when; nil between two checks.
    var check: (token: UInt64, exchange: UInt64, sentAt: Int64)?
    /// When the check is over, or when the next one is due.
    var deadline: Int64

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
