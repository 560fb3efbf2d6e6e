import DNS
import Testing

/// What CoreDNS's `cache 30` and `forward` promise, kept row by row, and what hurt its users, done
/// better. Each test names the row of the contract that it stands for (CA for the cache, FW for
/// forwarding), and the thread of CoreDNS's tracker that it answers.
extension ServiceTests {
    @Suite("The forwarding contract")
    enum ForwardingContractTests {}
}

/// A forward rule: a domain, the ports of its upstreams on 127.0.0.1 and its other settings.
struct Forwarded {
    let domain: String
    let ports: [UInt16]
    let settings: String

    init(_ domain: String, _ upstreams: ScriptedUpstream..., settings: String = "cache: 30") {
        self.init(domain, ports: upstreams.map(\.port), settings: settings)
    }

    init(_ domain: String, ports: [UInt16], settings: String = "cache: 30") {
        (self.domain, self.ports, self.settings) = (domain, ports, settings)
    }

    fileprivate var line: String {
        let upstreams = ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
        return "  \(domain): {to: [\(upstreams)], \(settings)}\n"
    }
}

extension Server {
    /// A server that forwards what these rules say; `more` is the rest of its configuration.
    static func forwarding(_ rules: Forwarded..., more: String = "") throws -> Server {
        try forwarding(rules, more: more)
    }

    static func forwarding(_ rules: [Forwarded], more: String = "") throws -> Server {
        try Server("forward:\n" + rules.map(\.line).joined() + more)
    }
}

extension ScriptedUpstream {
    typealias Answer = @Sendable (Received) throws -> [UInt8]

    /// An upstream that answers by the first label of the name, in lower case, and others with
    /// NODATA.
    convenience init(byLabel answers: [String: Answer]) throws {
        try self.init { query in [Reply(try answers[query.label]?(query) ?? query.reply())] }
    }

    /// An upstream that never answers.
    static func silent() throws -> ScriptedUpstream { try ScriptedUpstream { _ in [] } }
}

extension ScriptedUpstream.Received {
    /// An address record of the name that was asked for.
    func address(_ last: UInt8 = 1, ttl: UInt32 = 300) -> Record {
        Record(question.name, .a, ttl: ttl, [203, 0, 113, last])
    }

    func alias(to target: String, ttl: UInt32 = 300) throws -> Record {
        Record(question.name, .cname, ttl: ttl, try DomainName(target).octets)
    }

    /// The SOA record of the zone `example.net`.
    func soa(ttl: UInt32 = 300, minimum: UInt32 = 1800) throws -> Record {
        try .soa("example.net", ttl: ttl, minimum: minimum)
    }
}

extension Response {
    /// The last octets of the addresses in the answer section.
    var hosts: [UInt8] { answer.filter { $0.type == .a }.compactMap(\.rdata.last) }

    var isRecursionDesired: Bool { header.flags & Header.Flag.recursionDesired != 0 }
    var isCheckingDisabled: Bool { header.flags & Header.Flag.checkingDisabled != 0 }
}

extension Query {
    init(_ name: String, _ type: RRType = .a) throws {
        self.init(question: Question(name: try DomainName(name), type: type))
    }

    /// The query as a test changes it.
    func with(_ change: (inout Query) -> Void) -> Query {
        var query = self
        change(&query)
        return query
    }
}

extension Duration {
    /// Whether it is `expected` but for what a busy machine adds.
    func isAbout(_ expected: Duration, plus: Duration = .milliseconds(350)) -> Bool {
        self >= expected - .milliseconds(60) && self <= expected + plus
    }
}
