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
    private var sockets: SlotTable<UpstreamSocket>
    /// The keys of each upstream's sockets by position; nil where none is open.
    private var pools: [SocketAddress: [SlotKey?]] = [:]
    /// Sockets that reported an error while a query was sent; their exchanges fail in the round.
    private var broken: [(key: SlotKey, error: UpstreamError)] = []

    init(_ context: LoopContext, _ exchanges: UpstreamExchanges, _ received: ReceiveBatch) {
        self.context = context
        self.exchanges = exchanges
        self.received = received
        sockets = SlotTable(maximum: context.limits.upstreamDescriptors)
    }

    var isEmpty: Bool { sockets.count == 0 }
    var hasWork: Bool { !broken.isEmpty }

    /// Sends a query with a random ID from a random socket of the upstream's pool.
    func send(
        _ message: Span<UInt8>, to upstream: SocketAddress, exchange: UInt64
    ) throws(UpstreamError) {
        // The first attempt may meet an error left by an earlier query; the second has a new socket.
        for attempt in 1...2 {
            let socket = try socketForQuery(to: upstream)
            let id = UpstreamExchanges.randomID(context.random) { socket.ids.isTaken($0) }
            guard let id else { throw .exhausted }
            switch Syscalls.send(socket.descriptor, id: id, message) {
            case .done:
                context.counters.upstreamSent &+= 1
                socket.ids.begin(exchange, id: id)
                exchanges.begin(exchange, at: .socket(socket.key, id: id))
                socket.queries += 1
                if socket.queries >= context.limits.upstreamSocketQueries { retire(socket) }
                return
            case .wouldBlock:
                throw .exhausted
            case .failed(let errno):
                let error = UpstreamError(errno: errno)
                // Others are of this message, or passing: the socket goes on.
                guard error == .refused || error == .unreachable else { throw error }
                retire(socket)
                broken.append((socket.key, error))
                guard attempt == 1 else { throw error }
            }
        }
    }

    /// A socket of the pool at a random position, opened or replaced where need be.
    private func socketForQuery(to upstream: SocketAddress) throws(UpstreamError) -> UpstreamSocket
    {
        let size = context.limits.upstreamSockets
        let position = context.random.next(below: size)
        if let key = pools[upstream]?[position], let socket = sockets[key] {
            // So a query that was not answered in an attempt's time goes again by another port: what
            // is on the way may be stuck at this one.
            if context.now - socket.openedAt < context.limits.upstreamSocketLifetime {
                return socket
            }
            retire(socket)
        }
        guard exchanges.mayOpenDescriptor, let key = sockets.reserve() else {
            return try anySocket(to: upstream)
        }
        let descriptor: Int32
        do throws(UpstreamError) {
            descriptor = try UpstreamSocket.open(to: upstream, context.random)
        } catch {
            guard error == .exhausted else { throw error }
            return try anySocket(to: upstream)
        }
        guard context.pollSet.add(descriptor, PollToken(.upstreamSocket, key), .readable) == 0
        else {
            Syscalls.close(descriptor)
            throw .exhausted
        }
        let socket = UpstreamSocket(
            descriptor, key, upstream, position: position, now: context.now)
        sockets.insert(socket, at: key)
        exchanges.openDescriptors += 1
        context.counters.upstreamSocketsOpened &+= 1
        pools[upstream, default: Array(repeating: nil, count: size)][position] = key
        return socket
    }

    /// Where no descriptor is left, any socket that the upstream's pool has.
    private func anySocket(to upstream: SocketAddress) throws(UpstreamError) -> UpstreamSocket {
        for case let key? in pools[upstream] ?? [] {
            if let socket = sockets[key] { return socket }
        }
        throw .exhausted
    }

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

    /// Forgets an ID: a reply to it is ignored.
    func cancel(_ key: SlotKey, id: UInt16) {
        guard let socket = sockets[key] else { return }
        socket.ids.end(id: id)
        closeIfDone(socket)
    }

    /// Reports the failures found while sending.
    func reportBroken(_ handler: any NetworkHandler) {
        guard !broken.isEmpty else { return }
        let found = broken
        broken = []
        for (key, error) in found {
            if let socket = sockets[key] { fail(socket, error, handler) }
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
        pools[socket.upstream]?[position] = nil
        if pools[socket.upstream]?.allSatisfy({ $0 == nil }) == true {
            pools[socket.upstream] = nil
        }
    }

    /// Closes a replaced socket that waits for nothing more.
    private func closeIfDone(_ socket: UpstreamSocket) {
        if socket.retiredAt != nil, socket.ids.waitingCount == 0 { close(socket) }
    }

    private func close(_ socket: UpstreamSocket) {
        retire(socket)
        guard sockets.remove(socket.key) != nil else { return }
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
    }

    func closeAll() {
        for socket in sockets.elements { close(socket) }
    }
}
