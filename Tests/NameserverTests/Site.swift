import DNS
import Nameserver

/// A site to ask: views and zones, a processor and forwarder with a fake clock, and upstreams that
/// answer what the test says.
final class Site {
    static let seed: UInt64 = 0x5eed
    let cache = ResponseCache(size: 1 << 20, seed: seed)
    let registry = UpstreamRegistry(cookieKey: SipHash.Key(low: 1, high: 2))
    let processor: QueryProcessor
    let forwarder: Forwarder
    private let chance: Chance
    /// The forwarder's random numbers: a new one for each draw. With 0 for all, names are sent in lower
    /// case.
    var random: () -> UInt64 {
        get { chance.draw }
        set { chance.draw = newValue }
    }
    var snapshot: Snapshot
    /// Monotonic nanoseconds.
    var now: Int64 = 1_000_000_000_000
    /// Seconds since 1970.
    var unixTime: UInt32 = 0
    /// What was sent upstream and is not answered yet.
    var sent: [(exchange: UInt64, to: UpstreamAddress, over: ClientTransport, octets: [UInt8])] = []
    /// Probes and checks for loops, apart from those.
    var watch: [(exchange: UInt64, to: UpstreamAddress, octets: [UInt8])] = []
    var reports: [FailedQuery] = []
    var loops: [LoopNotice] = []
    var troubles: [UpstreamTrouble] = []
    /// Exchanges whose replies were unusually late.
    var late: [UInt64] = []
    private struct Waiting {
        let message: [UInt8]
        let client: IPAddress
        let transport: ClientTransport
        let fresh: [FreshAnswer]
    }
    private var waiting: [UInt64: Waiting] = [:]
    private var answers: [UInt64: Answer] = [:]
    private final class Chance {
        var draw: () -> UInt64 = { 0 }
    }
    private var nextTicket: UInt64 = 1

    /// Limits hold where `paces` are kept.
    init(
        _ views: [ViewDescription], server: ServerDescription = ServerDescription(),
        paces: PaceTable? = nil
    ) {
        snapshot = Snapshot(views, server: server, upstreams: registry, seed: Self.seed)
        processor = QueryProcessor(cache: cache, snapshot: snapshot, paces: paces)
        let chance = Chance()
        self.chance = chance
        forwarder = Forwarder(worker: 0, shared: Forwarder.Shared(cache: cache)) { chance.draw() }
    }

    convenience init(
        zones: [Zone] = [], forward: [ForwardRule] = [Site.rule()],
        policy: HTTPSRecordPolicy? = nil
    ) {
        self.init([
            ViewDescription(
                name: "lan", clients: [Site.prefix("192.168.10.0/24")], zones: zones,
                forward: forward, serverHTTPSRecords: HTTPSRecordRules(defaultPolicy: policy))
        ])
    }

    static func rule(_ domain: String = ".", cache: CacheLifetimes = .standard) -> ForwardRule {
        ForwardRule(
            domain: name(domain), upstreams: [UpstreamAddress(.v4(0x0101_0101))], cache: cache)
    }

    static func name(_ text: String) -> DomainName {
        guard let name = try? DomainName(text) else { preconditionFailure("a name: \(text)") }
        return name
    }

    static func prefix(_ text: String) -> AddressPrefix {
        let parts = text.split(separator: "/")
        guard let address = IPAddress(parts[0]), let length = Int(parts[1]),
            let prefix = try? AddressPrefix(address, length: length)
        else { preconditionFailure("a prefix: \(text)") }
        return prefix
    }

    func advance(seconds: Double) { now += Int64(seconds * 1e9) }

    /// Lets time pass, with a tick each 50 ms.
    func wait(seconds: Double) {
        for _ in 0..<Int((seconds / 0.05).rounded()) {
            advance(seconds: 0.05)
            tick()
        }
    }

    /// Asks and returns the answer; nil when it was dropped or waits for an upstream.
    @discardableResult
    func ask(
        _ question: String, _ type: RRType, from client: String = "192.168.10.7",
        over transport: ClientTransport = .udp, edns: Bool = false, dnssecOK: Bool = false,
        flags: UInt16 = 0x0100
    ) -> Answer? {
        var query = Message(question, type, flags: flags)
        if edns || dnssecOK { query.addOPT(dnssecOK: dnssecOK) }
        return process(
            query.octets, client: IPAddress(client) ?? .v4(0), transport: transport, fresh: [])
    }

    /// The answer to the query asked `back` queries ago that had to wait.
    func answer(_ ticket: UInt64) -> Answer? { answers[ticket] }
    var lastTicket: UInt64 { nextTicket - 1 }
    var lastAnswer: Answer? { answers[lastTicket] }

    func process(
        _ message: [UInt8], client: IPAddress, transport: ClientTransport, fresh: [FreshAnswer],
        ticket: UInt64? = nil
    ) -> Answer? {
        var buffer = [UInt8](repeating: 0, count: 65_535)
        var span = buffer.mutableSpan
        processor.setTime(now, unixTime: unixTime)
        let disposition = processor.process(
            message.span, from: client, over: transport, on: snapshot, fresh: fresh, into: &span)
        switch disposition {
        case .drop: return nil
        case .respond(let length):
            let answer = Answer(Array(buffer[..<length]))
            if let question = processor.takeRefresh() {
                forwarder.refresh(question, now: now)
                carryOut()
            }
            return answer
        case .forward:
            guard let question = processor.upstreamQuestion else { return nil }
            let ticket = ticket ?? nextTicket
            nextTicket = max(nextTicket, ticket + 1)
            waiting[ticket] = Waiting(
                message: message, client: client, transport: transport, fresh: fresh)
            let count = waiting.values.count { $0.client == client }
            forwarder.ask(question, ticket: ticket, waiting: count, now: now)
            carryOut()
            return answers[ticket]
        }
    }

    /// Lets the upstream answer the oldest query with a message that `fill` adds records to.
    @discardableResult
    func reply(
        rcode: UInt16 = 0, flags: UInt16 = 0, _ fill: (inout Message) -> Void = { _ in }
    ) -> Bool {
        guard !sent.isEmpty else { return false }
        let query = sent.removeFirst()
        var message = Message(reply: query.octets, flags: 0x8180 | flags | rcode)
        fill(&message)
        let isTaken = forwarder.receive(message.octets.span, exchange: query.exchange, now: now)
        carryOut()
        return isTaken
    }

    /// Lets these octets come in for an exchange; whether they were taken.
    func receive(_ octets: [UInt8], _ exchange: UInt64) -> Bool {
        sent.removeAll { $0.exchange == exchange }
        let isTaken = forwarder.receive(octets.span, exchange: exchange, now: now)
        carryOut()
        return isTaken
    }

    /// Lets the upstream answer the oldest probe.
    func answerProbe() {
        // A check for a loop has a label of 16 digits and no EDNS.
        guard let index = watch.firstIndex(where: { $0.octets[12] != 16 || $0.octets[11] != 0 })
        else { return }
        let probe = watch.remove(at: index)
        _ = receive([0, 0, 0x81, 0x80] + probe.octets[4...], probe.exchange)
    }

    func fail(_ failure: AttemptFailure) {
        let query = sent.removeFirst()
        forwarder.fail(exchange: query.exchange, failure, now: now)
        carryOut()
    }

    /// Lets the transport find that datagrams will not do for the oldest query.
    func moveToTCP() {
        forwarder.moveToTCP(exchange: sent.removeFirst().exchange, now: now)
        carryOut()
    }

    func tick() {
        forwarder.tick(now: now)
        carryOut()
    }

    func carryOut() {
        while let command = forwarder.nextCommand() { carryOut(command) }
    }

    private func carryOut(_ command: Forwarder.Command) {
        switch command {
        case .send(let attempt):
            let query = (attempt.exchange, attempt.address, attempt.sentOver, attempt.sentMessage)
            sent.append(query)
        case .sendCheck(let check): watch.append((check.exchange, check.address, check.message))
        case .late(let exchange): late.append(exchange)
        case .cancel(let exchange):
            sent.removeAll { $0.exchange == exchange }
            watch.removeAll { $0.exchange == exchange }
        case .report(let failure): reports.append(failure)
        case .trouble(let trouble): troubles.append(trouble)
        case .loop(let notice): loops.append(notice)
        case .answer(let waiters, let fresh):
            for waiter in waiters.all {
                guard let client = waiting.removeValue(forKey: waiter.ticket) else { continue }
                answers[waiter.ticket] = process(
                    client.message, client: client.client, transport: client.transport,
                    fresh: client.fresh + [fresh], ticket: waiter.ticket)
            }
        }
    }
}

/// A message in the making.
struct Message {
    var octets: [UInt8] = []

    init(_ name: String, _ type: RRType, id: UInt16 = 0x1234, flags: UInt16) {
        append(id)
        append(flags)
        for count: UInt16 in [1, 0, 0, 0] { append(count) }
        octets += Site.name(name).octets
        append(type.rawValue)
        append(1)
    }

    /// A response to `query` with its question.
    init(reply query: [UInt8], flags: UInt16) {
        var end = 12
        while query[end] != 0 { end += 1 + Int(query[end]) }
        octets = Array(query[..<2])
        append(flags)
        for count: UInt16 in [1, 0, 0, 0] { append(count) }
        octets += query[12..<end + 5]
    }

    mutating func append(_ value: UInt16) {
        octets += [UInt8(value >> 8), UInt8(value & 0xff)]
    }

    /// Sections: 6 answer, 8 authority, 10 additional (the count's place in the header).
    mutating func add(
        _ owner: String, _ type: RRType, ttl: UInt32 = 300, _ rdata: [UInt8], section: Int = 6
    ) {
        octets += Site.name(owner).octets
        append(type.rawValue)
        append(1)
        append(UInt16(ttl >> 16))
        append(UInt16(truncatingIfNeeded: ttl))
        append(UInt16(rdata.count))
        octets += rdata
        octets[section + 1] += 1
    }

    mutating func addOPT(dnssecOK: Bool = false, options: [UInt8] = []) {
        octets += [0, 0, 41, 0x04, 0xd0, 0, 0, dnssecOK ? 0x80 : 0, 0]
        append(UInt16(options.count))
        octets += options
        octets[11] += 1
    }

    mutating func addSOA(_ zone: String, ttl: UInt32 = 900, minimum: UInt32 = 1800) {
        var rdata =
            Site.name(zone).octets
            + Site.name(zone == "." ? "hostmaster" : "hostmaster." + zone).octets
        for value: UInt32 in [1, 3600, 600, 86400, minimum] {
            rdata += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
        }
        add(zone, .soa, ttl: ttl, rdata, section: 8)
    }
}

/// A response, read for assertions.
struct Answer {
    struct Record: Equatable {
        let owner: String
        let type: RRType
        let ttl: UInt32
        let rdata: [UInt8]
        /// The target of NS, CNAME, DNAME and PTR.
        let target: String?
    }

    let octets: [UInt8]
    var id: UInt16 { octets.span.uint16(at: 0) }
    var flags: UInt16 { octets.span.uint16(at: 2) }
    var rcode: UInt16 { flags & 15 }
    var isAuthoritative: Bool { flags & 0x0400 != 0 }
    var isTruncated: Bool { flags & 0x0200 != 0 }
    var offersRecursion: Bool { flags & 0x0080 != 0 }
    var isAuthenticData: Bool { flags & 0x0020 != 0 }
    private(set) var question = ""
    private(set) var answer: [Record] = []
    private(set) var authority: [Record] = []
    private(set) var additional: [Record] = []
    private(set) var edns: EDNS?

    init?(_ octets: [UInt8]) {
        self.octets = octets
        guard let header = Header(octets.span) else { return nil }
        var reader = MessageReader(octets.span, at: 12)
        do {
            if header.questionCount == 1 { question = "\(try reader.readQuestion().name)" }
            for _ in 0..<header.answerCount { answer.append(try Self.read(&reader)) }
            for _ in 0..<header.authorityCount { authority.append(try Self.read(&reader)) }
            for _ in 0..<header.additionalCount {
                let start = reader.offset
                let record = try Self.read(&reader)
                if record.type == .opt {
                    var again = MessageReader(octets.span, at: start)
                    edns = EDNS(try again.readRecord())
                } else {
                    additional.append(record)
                }
            }
        } catch {
            return nil
        }
        guard reader.isAtEnd else { return nil }
    }

    private static func read(_ reader: inout MessageReader) throws(MessageError) -> Record {
        let record = try reader.readRecord()
        var target: String?
        if [.ns, .cname, .dname, .ptr].contains(record.type) {
            target = "\(try MessageReader.name(in: reader.message, at: record.rdata.lowerBound))"
        }
        return Record(
            owner: "\(try MessageReader.name(in: reader.message, at: record.ownerOffset))",
            type: record.type, ttl: record.ttl, rdata: reader.message.array(record.rdata),
            target: target)
    }

    /// The extended error's code, when there is one.
    var extendedError: UInt16? {
        guard let edns, let range = try? edns.option(15, in: octets.span) else { return nil }
        return octets.span.uint16(at: range.lowerBound)
    }

    var extendedErrorText: String? {
        guard let edns, let range = try? edns.option(15, in: octets.span) else { return nil }
        return String(decoding: octets[range.dropFirst(2)], as: UTF8.self)
    }
}

/// A zone from a list of records.
func zone(
    _ apex: String, mode: ZoneSettings.Mode = .overlay, own: Set<RRType>? = nil,
    reverse: Bool = false, public publicNames: [String] = [],
    _ records: [(String, RRType, [UInt8])]
) throws -> Zone {
    var settings = ZoneSettings(apex: Site.name(apex), mode: mode, reverse: reverse)
    if let own { settings.ownedTypes = own }
    var builder = ZoneBuilder(settings, seed: Site.seed)
    for (owner, type, rdata) in records {
        try builder.add(owner: Site.name(owner), type: type, ttl: 60, rdata: rdata)
    }
    for name in publicNames { try builder.addPublic(owner: Site.name(name)) }
    return try builder.build()
}

func wire(_ name: String) -> [UInt8] { Site.name(name).octets }
