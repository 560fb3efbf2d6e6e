internal import DNS

/// Exchanges with upstreams over TCP and TLS: one connection an upstream, kept open for a while, with
/// many queries on their way (RFC 7766 §6.2, RFC 7858 §3.4). Confined to the worker's queue.
final class UpstreamStreams {
    private let context: LoopContext
    private let exchanges: UpstreamExchanges
    private let connections: SlotTable<UpstreamConnection>
    /// The connection that takes an upstream's next query.
    private var current: [UpstreamEndpoint: SlotKey] = [:]
    /// Upstreams to which a connection has just failed, and until when none is attempted.
    private var paused: [UpstreamEndpoint: (error: UpstreamError, until: Int64)] = [:]
    private var tickets = TLSTickets()
    private var unflushed: [SlotKey] = []
    /// Exchanges so far: the next one's number.
    private var exchangeCount: UInt64 = 0
    private var scratch: [UInt8]

    /// Exchanges of one connection: IDs stay easy to find among 65 536.
    private static let maximumOutstanding = 1024
    /// Octets of queries that wait for an upstream that reads slowly.
    private static let maximumQueued = 256 * 1024

    init(_ context: LoopContext, _ exchanges: UpstreamExchanges) {
        self.context = context
        self.exchanges = exchanges
        connections = SlotTable(maximum: context.limits.upstreamDescriptors)
        scratch = Array(repeating: 0, count: StreamFrames.scratchCapacity)
    }

    /// What TLS connections are made with from now on. Sessions of another context are not resumed:
    /// their server may not be trusted any more.
    var tls: TLSContext? {
        didSet {
            guard tls !== oldValue else { return }
            tickets = TLSTickets()
            current = current.filter { $0.key.security == nil }
            paused = [:]
        }
    }

    var isEmpty: Bool { connections.count == 0 }
    var hasWork: Bool { !unflushed.isEmpty }

    /// Queues a query with a random ID; it goes out with the round.
    func send(
        _ message: Span<UInt8>, to upstream: UpstreamEndpoint, exchange: UInt64
    ) throws(UpstreamError) {
        let connection = try connectionForQuery(to: upstream)
        let copy = message.array(0..<message.count)
        try send(copy, on: connection, exchange: exchange, number: exchangeCount)
        exchangeCount += 1
    }

    private func send(
        _ message: [UInt8], on connection: UpstreamConnection, exchange: UInt64, number: UInt64
    ) throws(UpstreamError) {
        guard message.count <= StreamFrames.maximumMessage,
            connection.outstanding.count < Self.maximumOutstanding,
            connection.output.count < Self.maximumQueued
        else { throw .exhausted }
        let id = UpstreamExchanges.randomID(context.random) { connection.outstanding[$0] != nil }
        guard let id else { throw .exhausted }
        connection.output.append(message.span, id: id)
        connection.outstanding[id] = UpstreamConnection.Pending(
            exchange: exchange, message: message, number: number, sentAt: context.now)
        connection.lastActivity = context.now
        exchanges.begin(exchange, at: .connection(connection.key, id: id))
        context.counters.upstreamSent &+= 1
        guard connection.isConnected, !connection.isListedForFlush else { return }
        connection.isListedForFlush = true
        unflushed.append(connection.key)
    }

    /// The upstream's connection, or a new one where there is none or it is full.
    private func connectionForQuery(
        to upstream: UpstreamEndpoint
    ) throws(UpstreamError) -> UpstreamConnection {
        if let key = current[upstream], let connection = connections[key],
            connection.outstanding.count < Self.maximumOutstanding
        {
            return connection
        }
        if let paused = paused[upstream], context.now < paused.until { throw paused.error }
        guard exchanges.mayOpenDescriptor, let key = connections.reserve() else {
            throw .exhausted
        }
        let descriptor = try UpstreamConnection.connect(to: upstream.address)
        do throws(UpstreamError) {
            let channel = try channel(descriptor, to: upstream)
            // Writable is the end of connecting, with or without success.
            let token = PollToken(.upstreamConnection, key)
            guard context.pollSet.add(descriptor, token, .writable) == 0 else { throw .exhausted }
            let connection = UpstreamConnection(
                descriptor, key, upstream, channel, now: context.now)
            connections.insert(connection, at: key)
            current[upstream] = key
            exchanges.openDescriptors += 1
            context.counters.upstreamSocketsOpened &+= 1
            return connection
        } catch {
            Syscalls.close(descriptor)
            throw error
        }
    }

    private func channel(
        _ descriptor: Int32, to upstream: UpstreamEndpoint
    ) throws(UpstreamError) -> any StreamChannel {
        guard let identity = upstream.security else { return PlainChannel(descriptor: descriptor) }
        guard let tls else { throw .tls("not set up") }
        let session = try TLSSession(tls, upstream, identity, tickets)
        return TLSChannel(descriptor, session, context)
    }

    /// Acts on what the poll set has reported.
    func handle(_ key: SlotKey, _ readiness: Readiness, _ handler: any NetworkHandler) {
        guard let connection = connections[key] else { return }
        do throws(UpstreamError) {
            if !connection.isConnected {
                let error = Syscalls.pendingError(connection.descriptor)
                guard error == 0 else { throw UpstreamError(errno: error) }
                connection.isConnected = true
            }
            // Replies that came before an end or an error are read first: they count.
            if !readiness.isDisjoint(with: [.readable, .error, .hangUp]) {
                try read(connection, handler)
            }
            try flush(connection, handler)
        } catch {
            close(connection, error, handler)
        }
    }

    /// Reads from the socket once and hands over the complete replies.
    private func read(
        _ connection: UpstreamConnection, _ handler: any NetworkHandler
    ) throws(UpstreamError) {
        var octets: [UInt8] = []
        swap(&octets, &scratch)
        defer { swap(&octets, &scratch) }
        let channel = connection.channel
        var target = octets.mutableSpan
        var start = connection.input.restore(into: &target)
        var reading = try channel.receive(
            into: &octets, at: start, limit: StreamFrames.readChunk)
        while case .octets(let count) = reading {
            connection.lastActivity = context.now
            connection.lastReceived = context.now
            start = takeAll(of: &octets, filled: start + count, connection, handler)
            reading = try channel.receiveRest(
                into: &octets, at: start, limit: StreamFrames.readChunk)
        }
        connection.input.hold(octets.span.extracting(..<start))
        if reading == .end { throw .closed }
    }

    /// Hands over the complete messages of the first `filled` octets, moves what is left to the start
    /// and returns how much that is.
    private func takeAll(
        of octets: inout [UInt8], filled: Int, _ connection: UpstreamConnection,
        _ handler: any NetworkHandler
    ) -> Int {
        var offset = 0
        while let range = StreamFrames.message(in: octets.span, at: offset, end: filled) {
            offset = range.upperBound
            take(octets.span.extracting(range), connection, handler)
        }
        guard offset > 0 else { return filled }
        for index in offset..<filled { octets[index - offset] = octets[index] }
        return filled - offset
    }

    private func take(
        _ message: Span<UInt8>, _ connection: UpstreamConnection, _ handler: any NetworkHandler
    ) {
        guard message.count >= 2, let pending = connection.outstanding[message.uint16(at: 0)]
        else {
            context.counters.upstreamWrongID &+= 1
            return
        }
        let id = message.uint16(at: 0)
        guard handler.upstreamReply(message, exchange: pending.exchange) else {
            context.counters.upstreamRejected &+= 1
            return
        }
        context.counters.upstreamReceived &+= 1
        connection.hasReplied = true
        if connection.outstanding[id]?.exchange == pending.exchange {
            connection.outstanding[id] = nil
        }
        exchanges.end(pending.exchange, at: .connection(connection.key, id: id))
    }

    /// Writes what the round has gathered.
    func flush(_ handler: any NetworkHandler) {
        guard !unflushed.isEmpty else { return }
        let keys = unflushed
        unflushed = []
        for key in keys {
            guard let connection = connections[key] else { continue }
            connection.isListedForFlush = false
            do throws(UpstreamError) {
                try flush(connection, handler)
            } catch {
                close(connection, error, handler)
            }
        }
    }

    private func flush(
        _ connection: UpstreamConnection, _ handler: any NetworkHandler
    ) throws(UpstreamError) {
        do throws(UpstreamError) {
            try connection.output.flush(to: connection.channel)
        } catch {
            // An upstream that replies and closes resets what is sent after that. Its replies are
            // still to be read, and count.
            try? read(connection, handler)
            throw error
        }
        let wanted: Readiness =
            connection.channel.waitsToWrite(hasMessages: connection.output.count > 0)
            ? [.readable, .writable] : .readable
        guard wanted != connection.watched else { return }
        connection.watched = wanted
        context.pollSet.modify(
            connection.descriptor, PollToken(.upstreamConnection, connection.key), wanted)
    }

    /// Forgets an ID. A connection that has been silent since the query went out may be dead: the
    /// upstream's next query opens another, and this one ends with its last exchange.
    func cancel(_ key: SlotKey, id: UInt16) {
        guard let connection = connections[key],
            let pending = connection.outstanding.removeValue(forKey: id)
        else { return }
        if connection.lastReceived <= pending.sentAt { detach(connection) }
    }

    /// A reply is late. As with one that is given up, but for a connection that is still being opened.
    func doubt(_ key: SlotKey, id: UInt16) {
        guard let connection = connections[key], let pending = connection.outstanding[id],
            connection.isOpen
        else { return }
        if connection.lastReceived <= pending.sentAt { detach(connection) }
    }

    private func detach(_ connection: UpstreamConnection) {
        if current[connection.upstream] == connection.key { current[connection.upstream] = nil }
    }

    /// Closes a connection. When it has replied to anything, its exchanges go to a fresh one, the
    /// oldest first (RFC 7766 §6.2.4): many upstreams close after a reply, or after some. This ends,
    /// since each connection in the row has had a reply. Without any, the exchanges fail.
    private func close(
        _ connection: UpstreamConnection, _ error: UpstreamError, _ handler: any NetworkHandler
    ) {
        let pending = connection.outstanding.sorted { $0.value.number < $1.value.number }
        if connection.hasFailedToOpen(error) {
            paused[connection.upstream] = (error, context.now + context.limits.upstreamConnectPause)
        }
        release(connection)
        for (id, pending) in pending {
            // An earlier one's failure may have made the handler cancel this one.
            let place = ExchangePlace.connection(connection.key, id: id)
            guard exchanges.end(pending.exchange, at: place) else { continue }
            if connection.hasReplied, retry(pending, connection.upstream) { continue }
            context.counters.upstreamFailures &+= 1
            handler.upstreamFailure(exchange: pending.exchange, error: error)
        }
    }

    private func retry(_ pending: UpstreamConnection.Pending, _ upstream: UpstreamEndpoint) -> Bool
    {
        do throws(UpstreamError) {
            let fresh = try connectionForQuery(to: upstream)
            try send(
                pending.message, on: fresh, exchange: pending.exchange, number: pending.number)
            context.counters.upstreamRetries &+= 1
            return true
        } catch {
            return false
        }
    }

    private func release(_ connection: UpstreamConnection) {
        detach(connection)
        guard connections.remove(connection.key) != nil else { return }
        exchanges.openDescriptors -= 1
        context.counters.upstreamSocketsClosed &+= 1
        connection.channel.farewell()
        Syscalls.close(connection.descriptor)
    }

    /// Closes connections that nobody needs, and gives up on those that never came to be.
    func sweep(_ handler: any NetworkHandler) {
        let (now, limits) = (context.now, context.limits)
        if !paused.isEmpty { paused = paused.filter { now < $0.value.until } }
        for connection in connections.elements {
            if !connection.isOpen {
                if now - connection.openedAt > limits.upstreamConnectTimeout {
                    close(connection, connection.openingTimeout, handler)
                }
            } else if connection.outstanding.isEmpty {
                let isDetached = current[connection.upstream] != connection.key
                if isDetached || now - connection.lastActivity > limits.upstreamIdleTimeout {
                    release(connection)
                }
            }
        }
    }

    func closeAll() {
        for connection in connections.elements { release(connection) }
    }
}
