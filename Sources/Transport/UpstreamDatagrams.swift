internal import DNS
internal import Glibc

/// Exchanges with upstreams over UDP: for each upstream a pool of sockets with random ports, of
/// which each query takes one at random (RFC 5452 §9.2). Confined to the worker's queue.
///
/// A socket that gets a message which is no reply to its queries takes no new ones: its port may be
/// known. When more such messages come while queries are out, these are asked again elsewhere.
final class UpstreamDatagrams {
    private let context: LoopContext
    private let exchanges: UpstreamExchanges
    private let received: ReceiveBatch
    private let sockets: SlotTable<UpstreamSocket>
    private var pools: [SocketAddress: UpstreamPool] = [:]
    /// The pool that was looked up last: mostly the one that is looked up next.
    private var lastPool: UpstreamPool?
    /// Queries of this round that leave together, all from `queueSocket`, and their exchanges.
    private let queue = SendBatch()
    private var queued: [(exchange: UInt64, id: UInt16)] = []
    private var queueSocket: UpstreamSocket?
    /// Queries that the kernel had no room for.
    private let held = HeldDatagrams()
    /// Sockets that reported an error while a query was sent; their exchanges fail in the round.
    private var broken: [(key: SlotKey, error: UpstreamError)] = []
    /// Exchanges whose queries the kernel did not take; they fail in the round.
    private var unsent: [(exchange: UInt64, place: ExchangePlace, error: UpstreamError)] = []

    init(_ context: LoopContext, _ exchanges: UpstreamExchanges, _ received: ReceiveBatch) {
        self.context = context
        self.exchanges = exchanges
        self.received = received
        sockets = SlotTable(maximum: context.limits.upstreamDescriptors)
    }

    var isEmpty: Bool { sockets.count == 0 }
    var hasHeld: Bool { !held.isEmpty }
    var hasWork: Bool { !broken.isEmpty || !unsent.isEmpty }

    // MARK: Sending

    /// Sends a query with a random ID from a random socket of the upstream's pool, at once.
    func send(
        _ message: Span<UInt8>, to upstream: SocketAddress, exchange: UInt64
    ) throws(UpstreamError) {
        // The first attempt may meet an error left by an earlier query; the second has a new socket.
        for attempt in 1...2 {
            let socket = try drawSocket(pool(of: upstream))
            let id = try drawID(socket)
            switch Syscalls.send(socket.descriptor, id: id, message) {
            case .done:
                context.counters.upstreamSent &+= 1
                return begin(exchange, socket, id: id)
            case .wouldBlock:
                throw .exhausted
            case .failed(let errno):
                let error = UpstreamError(errno: errno)
                guard error.isOfSocket else { throw error }
                retire(socket)
                broken.append((socket.key, error))
                guard attempt == 1 else { throw error }
            }
        }
    }

    /// Sends a query by the end of the round, together with others of the round to this upstream: they
    /// have their socket in common, which is drawn anew for each round. Errors of sending come as
    /// failures of the exchange.
    func queue(
        _ message: Span<UInt8>, to upstream: SocketAddress, exchange: UInt64
    ) throws(UpstreamError) {
        guard message.count <= DatagramLimits.sent else {
            return try send(message, to: upstream, exchange: exchange)
        }
        let socket = try socketOfRound(pool(of: upstream))
        let id = try drawID(socket)
        if queue.isFull || queueSocket !== socket { flush() }
        queueSocket = socket
        let queue = queue
        var octets = queue.next()
        octets.copy(message, at: 0)
        octets.store(id, at: 0)
        queue.commit(length: message.count)
        // It leaves its owner while it is changed: so no access to it has to be checked at run time.
        var queued: [(exchange: UInt64, id: UInt16)] = []
        swap(&queued, &self.queued)
        queued.append((exchange, id))
        self.queued = queued
        begin(exchange, socket, id: id)
    }

    /// Sends what `queue` has gathered.
    func flush() {
        guard let socket = queueSocket else { return }
        var next = 0
        // Each turn sends, holds or passes over at least one.
        while next < queue.count {
            let sent = queue.send(from: next, to: socket.descriptor)
            if sent > 0 {
                context.counters.upstreamSent &+= UInt64(sent)
                next &+= sent
                continue
            }
            let errno = Int32(truncatingIfNeeded: -sent)
            if HeldDatagrams.isPassing(errno) {
                let end = held.hold(queue, from: next, of: socket.key, now: context.now)
                context.counters.upstreamSendDelays &+= UInt64(end - next)
                next = end
                guard next < queue.count else { break }
            }
            let error = UpstreamError(errno: errno)
            if error.isOfSocket {
                // An earlier query's; those that are left go out from another socket.
                retire(socket)
                broken.append((socket.key, error))
                for index in next..<queue.count { sendElsewhere(index, socket) }
                break
            }
            let (exchange, id) = queued[next]
            unsent.append((exchange, .socket(socket.key, id: id), error))
            next &+= 1
        }
        clearQueue()
    }

    /// Sends what the kernel had no room for. What it does not take in time is as lost as a datagram on
    /// its way: the exchange has its own time.
    func sendHeld() {
        let outcome = held.send(now: context.now) { sockets[$0]?.descriptor }
        context.counters.upstreamSent &+= UInt64(outcome.sent)
    }

    private func clearQueue() {
        queueSocket = nil
        queue.removeAll()
        var queued: [(exchange: UInt64, id: UInt16)] = []
        swap(&queued, &self.queued)
        queued.removeAll(keepingCapacity: true)
        self.queued = queued
    }

    /// Sends a queued query from a new socket. One that cannot be sent fails with its old socket.
    private func sendElsewhere(_ index: Int, _ socket: UpstreamSocket) {
        let (exchange, id) = queued[index]
        guard exchanges.place(of: exchange) == .socket(socket.key, id: id) else { return }
        let queue = queue
        do throws(UpstreamError) {
            try send(queue.message(index), to: socket.upstream, exchange: exchange)
            socket.ids.end(id: id)
        } catch {}
    }

    private func begin(_ exchange: UInt64, _ socket: UpstreamSocket, id: UInt16) {
        socket.ids.begin(exchange, id: id)
        exchanges.begin(exchange, at: .socket(socket.key, id: id))
        socket.queries += 1
        if socket.queries >= context.limits.upstreamSocketQueries { retire(socket) }
    }

    private func drawID(_ socket: UpstreamSocket) throws(UpstreamError) -> UInt16 {
        let id = UpstreamExchanges.randomID(context.random) { socket.ids.isTaken($0) }
        guard let id else { throw .exhausted }
        return id
    }

    // MARK: Sockets

    private func pool(of upstream: SocketAddress) -> UpstreamPool {
        if let lastPool, lastPool.upstream == upstream { return lastPool }
        let pool = pools[upstream] ?? UpstreamPool(upstream, size: context.limits.upstreamSockets)
        pools[upstream] = pool
        lastPool = pool
        return pool
    }

    /// The socket that this round's queries to an upstream leave from.
    private func socketOfRound(_ pool: UpstreamPool) throws(UpstreamError) -> UpstreamSocket {
        if pool.round == context.round, let socket = pool.socketOfRound, socket.position != nil {
            return socket
        }
        let socket = try drawSocket(pool)
        pool.round = context.round
        pool.socketOfRound = socket
        return socket
    }

    /// A socket of the pool at a random position, opened or replaced where need be.
    private func drawSocket(_ pool: UpstreamPool) throws(UpstreamError) -> UpstreamSocket {
        let position = context.random.next(below: pool.sockets.count)
        if let socket = pool.sockets[position] {
            // So a query that was not answered in an attempt's time goes again by another port: what
            // is on the way may be stuck at this one.
            if context.now - socket.openedAt < context.limits.upstreamSocketLifetime {
                return socket
            }
            retire(socket)
        }
        guard exchanges.mayOpenDescriptor, let key = sockets.reserve() else {
            return try anySocket(pool)
        }
        let descriptor: Int32
        do throws(UpstreamError) {
            descriptor = try UpstreamSocket.open(to: pool.upstream, context.random)
        } catch {
            guard error == .exhausted else { throw error }
            context.counters.descriptorShortages &+= 1
            if !pool.isEmpty { return try anySocket(pool) }
            // Without any socket nobody would be answered: an idle client of TCP makes room.
            guard context.freeDescriptor() else { throw error }
            descriptor = try UpstreamSocket.open(to: pool.upstream, context.random)
        }
        guard context.pollSet.add(descriptor, PollToken(.upstreamSocket, key), .readable) == 0
        else {
            Syscalls.close(descriptor)
            throw .exhausted
        }
        let socket = UpstreamSocket(
            descriptor, key, pool.upstream, position: position, now: context.now)
        sockets.insert(socket, at: key)
        exchanges.openDescriptors += 1
        context.counters.upstreamSocketsOpened &+= 1
        pool.sockets[position] = socket
        return socket
    }

    /// Where no descriptor is left, any socket that the upstream's pool has.
    private func anySocket(_ pool: UpstreamPool) throws(UpstreamError) -> UpstreamSocket {
        for case let socket? in pool.sockets { return socket }
        throw .exhausted
    }

    // MARK: Receiving

    /// Receives replies, or the error that ends all exchanges of a socket.
    func handle(_ key: SlotKey, _ handler: any NetworkHandler) {
        guard let socket = sockets[key] else { return }
        let received = received
        let count = received.receive(from: socket.descriptor, tellsLocal: false)
        guard count > 0 else {
            let errno = Int32(truncatingIfNeeded: -count)
            guard count < 0, errno != EAGAIN, errno != EINTR else { return }
            return fail(socket, UpstreamError(errno: errno), handler)
        }
        for index in 0..<count {
            // A message, or what its handler did, may have closed the socket.
            guard sockets[key] != nil else { return }
            take(received.message(index), isWhole: !received.isTruncated(index), socket, handler)
        }
        closeIfDone(socket)
    }

    private func take(
        _ message: Span<UInt8>, isWhole: Bool, _ socket: UpstreamSocket,
        _ handler: any NetworkHandler
    ) {
        let id = message.count >= 2 ? message.uint16(at: 0) : 0
        switch message.count >= 2 ? socket.ids.match(id) : .unknown {
        case .exchange(let exchange):
            guard isWhole else {
                context.counters.upstreamTruncated &+= 1
                return handler.upstreamUnfit(exchange: exchange, because: .oversized)
            }
            guard handler.upstreamReply(message, exchange: exchange) else {
                context.counters.upstreamRejected &+= 1
                return suspect(socket, handler)
            }
            context.counters.upstreamReceived &+= 1
            // The handler may have sent the exchange again, by TCP: then it goes on there.
            socket.ids.end(exchange, id: id)
            exchanges.end(exchange, at: .socket(socket.key, id: id))
        case .late:
            context.counters.upstreamLate &+= 1
        case .unknown:
            context.counters.upstreamWrongID &+= 1
            suspect(socket, handler)
        }
    }

    /// Somebody guesses at the socket's port, or knows it: it is used for nothing new, and not for
    /// long for what is under way (RFC 5452 §9.1).
    private func suspect(_ socket: UpstreamSocket, _ handler: any NetworkHandler) {
        if socket.position != nil { context.counters.upstreamSocketsSuspected &+= 1 }
        retire(socket)
        closeIfDone(socket)
        socket.forgeries += 1
        if socket.forgeries >= context.limits.upstreamForgeries { abandon(socket, handler) }
    }

    /// Has a socket's exchanges moved elsewhere, and closes it. Those that are left on it fail.
    private func abandon(_ socket: UpstreamSocket, _ handler: any NetworkHandler) {
        guard socket.ids.waitingCount > 0 else { return }
        context.counters.upstreamSocketsAbandoned &+= 1
        for (id, exchange) in socket.ids.waiting {
            // An earlier one's move may have made the handler cancel this one.
            guard exchanges.place(of: exchange) == .socket(socket.key, id: id) else { continue }
            context.counters.upstreamForged &+= 1
            handler.upstreamUnfit(exchange: exchange, because: .forgeries)
        }
        fail(socket, .closed, handler)
    }

    /// A reply on this socket is late. The next query leaves by another port.
    func doubt(_ key: SlotKey) {
        if let socket = sockets[key] { retire(socket) }
    }

    /// Forgets an ID: a reply to it is ignored.
    func cancel(_ key: SlotKey, id: UInt16) {
        guard let socket = sockets[key] else { return }
        socket.ids.end(id: id)
        closeIfDone(socket)
    }

    // MARK: Failures and ends

    /// Reports the failures found while sending.
    func reportBroken(_ handler: any NetworkHandler) {
        guard hasWork else { return }
        let (found, exchangesUnsent) = (broken, unsent)
        broken = []
        unsent = []
        for (key, error) in found {
            if let socket = sockets[key] { fail(socket, error, handler) }
        }
        for (exchange, place, error) in exchangesUnsent {
            // Another one's failure may have made the handler cancel this one.
            guard exchanges.end(exchange, at: place) else { continue }
            if case .socket(let key, let id) = place { cancel(key, id: id) }
            context.counters.upstreamFailures &+= 1
            handler.upstreamFailure(exchange: exchange, error: error)
        }
    }

    private func fail(
        _ socket: UpstreamSocket, _ error: UpstreamError, _ handler: any NetworkHandler
    ) {
        let failed = socket.ids.waiting
        close(socket)
        for (id, exchange) in failed {
            // An earlier one's failure may have made the handler cancel this one.
            guard exchanges.end(exchange, at: .socket(socket.key, id: id)) else { continue }
            context.counters.upstreamFailures &+= 1
            handler.upstreamFailure(exchange: exchange, error: error)
        }
    }

    /// Takes a socket out of its pool; it still waits for replies.
    private func retire(_ socket: UpstreamSocket) {
        guard let position = socket.position else { return }
        socket.position = nil
        socket.retiredAt = context.now
        pools[socket.upstream]?.sockets[position] = nil
    }

    /// Closes a replaced socket that waits for nothing more.
    private func closeIfDone(_ socket: UpstreamSocket) {
        if socket.retiredAt != nil, socket.ids.waitingCount == 0 { close(socket) }
    }

    private func close(_ socket: UpstreamSocket) {
        retire(socket)
        guard sockets.remove(socket.key) != nil else { return }
        // Nobody waits any more for what is still in the queue.
        if queueSocket === socket { clearQueue() }
        exchanges.openDescriptors -= 1
        context.counters.upstreamSocketsClosed &+= 1
        Syscalls.close(socket.descriptor)
    }

    /// Replaces sockets past their time, and closes replaced ones that wait for nothing more.
    func sweep(_ handler: any NetworkHandler) {
        let now = context.now
        for socket in sockets.elements {
            if socket.position != nil, now - socket.openedAt > context.limits.upstreamSocketLifetime
            {
                retire(socket)
            }
            closeIfDone(socket)
            if let retiredAt = socket.retiredAt, now - retiredAt > context.limits.longestExchange {
                fail(socket, .closed, handler)
            }
        }
        if pools.values.contains(where: \.isEmpty) {
            pools = pools.filter { !$0.value.isEmpty }
            lastPool = nil
        }
    }

    func closeAll() {
        for socket in sockets.elements { close(socket) }
    }
}
