import DNS
import Dispatch
import Nameserver
import Transport

/// One of the server's threads of work: a serial queue with its own sockets, the answering of what
/// comes in on them, and its own questions to upstream servers. Its state is touched on its queue
/// alone; what it shares with the others is in `Shared`.
final class Worker: NetworkHandler {
    /// What all workers share.
    struct Shared: Sendable {
        let published: Published
        let cache: ResponseCache
        let forwarding: Forwarder.Shared
        let events: EventLog
        let queryLog: QueryLog
        let limits: TransportLimits
        /// How long a worker keeps its thread, in nanoseconds.
        let turn: Int64
        let census = ConnectionCensus()
        /// What the limits of clients have seen.
        let paces: PaceTable
        /// How many of each client's queries wait.
        let shares: ClientShares
    }

    /// Dispatch has 255 threads for queues like the workers', and others need some, too: so many workers
    /// may each keep one while they wait for queries.
    private static let maximumWaiting = 128

    /// How long each of `count` workers keeps its thread, in nanoseconds.
    static func turn(ofEachOf count: Int) -> Int64 {
        count <= maximumWaiting ? NetworkLoop.turn : MonotonicClock.nanosecondsPerMillisecond
    }

    let mailbox: Mailbox
    let index: Int
    let shared: Shared
    let loop: NetworkLoop
    let processor: QueryProcessor
    /// Apart, so that questions of our own are not counted as clients'.
    /// nil before the first one.
    var inquiryProcessor: QueryProcessor?
    let forwarder: Forwarder
    private var generation: Int
    var now: Int64 = 0
    /// When the queries came whose answers go out next.
    private var batchBegan: Int64 = 0
    private var recordGate = RecordGate()
    /// Whether the forwarder's commands are being carried out.
    var isCarryingOut = false
    /// All workers' mailboxes, for answers that their clients wait for.
    var mailboxes: [Mailbox] = []
    let waiting: WaitingClients
    /// Clients whose answers have come, but who have not read those before.
    var postponed: [WaitingClient] = []
    var response = [UInt8](repeating: 0, count: 65_535)

    init(index: Int, shared: Shared) throws(TransportError) {
        self.index = index
        self.shared = shared
        generation = shared.published.generation
        let served = shared.published.served
        processor = QueryProcessor(
            cache: shared.cache, snapshot: served.snapshot, paces: shared.paces)
        waiting = WaitingClients(shared.shares)
        let random = RandomSource()
        forwarder = Forwarder(worker: index, shared: shared.forwarding) { random.next() }
        loop = try NetworkLoop(
            queue: DispatchQueue(label: "worker-\(index)", qos: .default),
            limits: shared.limits, census: shared.census, turn: shared.turn)
        loop.tls = served.tls
        mailbox = Mailbox(loop.wakeUp)
    }

    /// Begins to answer. `mailboxes` are those of all workers, in their order.
    func start(mailboxes: [Mailbox]) {
        self.mailboxes = mailboxes
        loop.start(self)
    }

    /// Clients also wait for what another worker has asked.
    var owesAnswers: Bool { !waiting.isEmpty }

    // MARK: Queries

    func roundBegan(now: Int64) {
        self.now = now
        batchBegan = now
        if shared.published.generation != generation {
            generation = shared.published.generation
            let served = shared.published.served
            processor.change(served.snapshot)
            inquiryProcessor?.change(served.snapshot)
            // What waits may have to ask another server of before yet.
            if let tls = served.tls { loop.tls = tls }
        }
        processor.setTime(now, unixTime: WallClock.seconds())
    }

    func answersSent() {
        guard processor.account.awaitsSending else { return }
        let end = MonotonicClock.now()
        processor.account.sent(after: end - batchBegan)
        batchBegan = end
    }

    func roundEnded() {
        resumePostponed()
        loop.needsTicks = !forwarder.isIdle || !postponed.isEmpty
        for notice in processor.bypasses.takeNotices() { shared.events.bypass(notice) }
        for notice in processor.limitNotices.take() { shared.events.limited(notice) }
    }

    func descriptorsRanOut() { shared.events.descriptorsRanOut() }

    /// Answers one query, or remembers its client until the upstream has answered.
    @_lifetime(response: copy response)
    func query(
        _ message: Span<UInt8>, from client: IPAddress, over transport: ClientTransport,
        _ arrival: Arrival, _ response: inout MutableSpan<UInt8>
    ) -> Int {
        let disposition = processor.process(
            message, from: client, over: transport, into: &response)
        switch disposition {
        case .drop: return 0
        case .respond(let length):
            count(message, from: client, over: transport, response.span.extracting(..<length))
            if processor.hasRefresh { refresh(processor) }
            return length
        case .forward:
            guard let waiter = wait(message, client, over: transport, arrival) else {
                let length = processor.giveUp(
                    message, from: client, over: transport,
                    snapshot: processor.currentSnapshot, because: .tooManyWaiting,
                    into: &response)
                guard length > 0 else { return 0 }
                processor.countRefusedWaiting(of: client)
                count(message, from: client, over: transport, response.span.extracting(..<length))
                return length
            }
            processor.countQuery(length: message.count, from: client, over: transport)
            forward(waiter, processor)
            return 0
        }
    }

    /// Counts a query that is answered at once, and leaves a note of it.
    @inline(__always)
    private func count(
        _ message: Span<UInt8>, from client: IPAddress, over transport: ClientTransport,
        _ response: Span<UInt8>
    ) {
        processor.countQuery(
            length: message.count, from: client, over: transport, response: response)
        if let demand = shared.queryLog.demand.current {
            log(
                demand, response, to: client, over: transport, processor.currentSnapshot,
                limit: processor.lastLimit, receivedAt: now)
        }
    }

    /// Has a client wait for what the processor has just found to ask; nil when it has too much that waits.
    private func wait(
        _ message: Span<UInt8>, _ client: IPAddress, over transport: ClientTransport,
        _ arrival: Arrival
    ) -> WaitingClient? {
        guard let room = processor.upstreamQuestion?.rule.room,
            let share = waiting.share(
                of: client, isProven: processor.isProven(over: transport), room: room)
        else { return nil }
        return waiting.add(
            message, from: client, to: .client(arrival.replyPath()),
            on: processor.currentSnapshot, share: share, receivedAt: now)
    }

    /// Asks for what the client got shortly before it is too old, or after.
    func refresh(_ processor: QueryProcessor) {
        guard let question = processor.takeRefresh() else { return }
        forwarder.refresh(question, now: now)
        carryOut()
    }

    /// Asks for what the query of `client` needs, as `processor` has just found.
    func forward(_ client: WaitingClient, _ processor: QueryProcessor) {
        guard client.fresh.count < WaitingClient.maximumAnswers,
            let question = processor.upstreamQuestion
        else {
            let octets = client.octets
            if let snapshot = client.snapshot, let recipient = client.recipient {
                giveUp(
                    octets.span.extracting(..<client.length), from: client.address,
                    recipient, snapshot, receivedAt: client.receivedAt,
                    because: .chainTooLong)
            }
            return waiting.remove(client)
        }
        forwarder.ask(
            question, ticket: waiting.ticket(for: client), waiting: waiting.count(of: client),
            now: now)
        carryOut()
    }

    private func giveUp(
        _ message: Span<UInt8>, from address: IPAddress, _ recipient: Recipient,
        _ snapshot: Snapshot, receivedAt: Int64, because reason: ExtendedErrorOption
    ) {
        var buffer = [UInt8](repeating: 0, count: EDNS.maximumUDPSize)
        var span = buffer.mutableSpan
        let length = processor.giveUp(
            message, from: address, over: recipient.transport, snapshot: snapshot, because: reason,
            into: &span)
        guard length > 0 else { return abandon(recipient) }
        let answer = span.span.extracting(..<length)
        send(answer, to: recipient, from: .failure)
        guard recipient.isClient else { return }
        processor.countResponse(answer, over: recipient.transport)
        processor.account.sent(.failure, after: MonotonicClock.now() - receivedAt)
        if let demand = shared.queryLog.demand.current {
            log(
                demand, answer, to: address, over: recipient.transport, snapshot,
                receivedAt: receivedAt)
        }
    }

    /// Processes a client's query again, now that there is an answer to what it waited for.
    func resume(_ ticket: UInt64, _ fresh: FreshAnswer) {
        guard let client = waiting.client(ticket) else { return }
        client.append(fresh)
        // Equal questions are answered all at once, each with as much as a message can hold.
        guard hasRoom(for: client) else { return postponed.append(client) }
        resume(client)
    }

    /// Lets clients go on who have read enough by now.
    private func resumePostponed() {
        guard !postponed.isEmpty else { return }
        let clients = postponed
        postponed = []
        for client in clients {
            if hasRoom(for: client) { resume(client) } else { postponed.append(client) }
        }
        carryOut()
    }

    private func resume(_ client: WaitingClient) {
        guard let snapshot = client.snapshot, let recipient = client.recipient else { return }
        let octets = client.octets
        let message = octets.span.extracting(..<client.length)
        // The buffer leaves its owner while it is written to.
        var buffer: [UInt8] = []
        swap(&buffer, &response)
        var span = buffer.mutableSpan
        let processor = processor(for: recipient)
        let disposition = processor.process(
            message, from: client.address, over: recipient.transport, on: snapshot,
            fresh: client.fresh, into: &span)
        if case .respond(let length) = disposition {
            let answer = span.span.extracting(..<length)
            send(
                answer, to: recipient, from: processor.source,
                client.fresh.first?.upstream)
            if recipient.isClient {
                account(for: client, over: recipient.transport, answer, snapshot)
            }
        }
        swap(&buffer, &response)
        switch disposition {
        case .forward: forward(client, processor)
        case .respond:
            waiting.remove(client)
            if processor.hasRefresh { refresh(processor) }
        case .drop:
            abandon(recipient)
            waiting.remove(client)
        }
    }

    /// Counts the answer that a client has waited for.
    private func account(
        for client: WaitingClient, over transport: ClientTransport, _ answer: Span<UInt8>,
        _ snapshot: Snapshot
    ) {
        processor.countResponse(answer, over: transport)
        processor.account.sent(
            processor.source, after: MonotonicClock.now() - client.receivedAt)
        guard let demand = shared.queryLog.demand.current else { return }
        log(
            demand, answer, to: client.address, over: transport, snapshot,
            by: client.fresh.first?.upstream,
            limit: processor.source == .refused ? processor.lastLimit : nil,
            receivedAt: client.receivedAt)
    }

    /// Leaves a note of the answer that was made last, if it is wanted.
    private func log(
        _ demand: RecordDemand, _ answer: Span<UInt8>, to client: IPAddress,
        over transport: ClientTransport,
        _ snapshot: Snapshot, by upstream: Upstream? = nil, limit: LimitAction? = nil,
        receivedAt: Int64
    ) {
        let code = processor.code(of: answer)
        guard let admission = recordGate.admit(demand, rcode: code, now: now) else { return }
        shared.queryLog.add(
            QueryRecord(
                answer, to: client, over: transport, from: processor.source, by: upstream,
                limit: limit, on: snapshot, receivedAt: receivedAt, for: admission))
    }

    // MARK: Mail

    func messages() {
        for message in mailbox.takeAll() {
            switch message {
            case .answer(let tickets, let fresh):
                for ticket in tickets { resume(ticket, fresh) }
                carryOut()
            case .listen(let sockets):
                for pair in sockets { listen(pair) }
            case .close(let addresses):
                for address in addresses { loop.remove(address: address) }
            case .limits(let limits):
                loop.change(limits)
            case .ask(let inquiry):
                ask(inquiry)
            case .probe(let upstreams):
                for upstream in upstreams { forwarder.probe(upstream, now: now) }
                carryOut()
            case .report(let done):
                done()
            case .statistics(let tell):
                tell(statistics)
            case .stop(let deadline, let done):
                loop.drain(deadline: deadline, stopped: done)
            }
        }
    }

    private var statistics: WorkerStatistics {
        WorkerStatistics(
            queries: processor.counted, kinds: processor.account.counted,
            forwarding: forwarder.counted, answers: forwarder.answersCounted,
            transport: loop.counters, bypasses: processor.bypasses.queriesByKind)
    }

    private func listen(_ pair: ListeningSocketPair) {
        do {
            try loop.add(pair)
        } catch {
            shared.events.failed("\(pair.address): \(error)")
        }
    }
}

extension ExtendedErrorOption {
    fileprivate static let chainTooLong = ExtendedErrorOption(
        ExtendedError.other, "the chain of aliases is too long")
    fileprivate static let tooManyWaiting = ExtendedErrorOption(
        ExtendedError.notReady, "too many of this client's queries wait for upstreams")
}

extension UpstreamEndpoint {
    init(_ upstream: UpstreamAddress) {
        let security: Identity? =
            switch upstream.authentication {
            case .domainName(let name): .domainName(name)
            case .address: .address
            case nil: nil
            }
        self.init(SocketAddress(ip: upstream.address, port: upstream.port), security: security)
    }
}
