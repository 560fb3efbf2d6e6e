internal import DNS

/// Reading queries and writing answers.
extension StreamServer {
    /// Acts on what the poll set has reported.
    func handle(_ key: SlotKey, _ readiness: Readiness, _ handler: any NetworkHandler) {
        guard let connection = connections[key] else { return }
        // Both directions are closed or the connection is reset: no answer would arrive.
        if readiness.contains(.error) || readiness.contains(.hangUp) { return close(connection) }
        if connection.farewellAt != nil { return discard(connection) }
        if readiness.contains(.writable) { flush(connection) }
        if readiness.contains(.readable), connections[key] != nil { read(connection, handler) }
    }

    /// Reads once and answers the queries that are complete.
    func read(_ connection: TCPConnection, _ handler: any NetworkHandler) {
        guard !connection.isInputClosed, !connection.isPaused else { return }
        let scratch = scratch
        let held = restore(connection)
        var target = scratch.mutableOctets(
            held..<min(held + StreamFrames.readChunk, scratch.capacity))
        var filled = held
        switch Syscalls.receive(connection.descriptor, into: &target) {
        case .failed: return close(connection)
        case .done(0):
            connection.isInputClosed = true
            connection.hasEnded = true
        case .done(let count): filled += count
        case .wouldBlock: break
        }
        answer(scratch.octets(0..<filled), connection, handler)
    }

    /// Moves what a connection holds to the start of the buffer and returns how much it is.
    private func restore(_ connection: TCPConnection) -> Int {
        guard connection.input.count > 0 else { return 0 }
        let scratch = scratch
        var target = scratch.mutableOctets(0..<scratch.capacity)
        return connection.input.restore(into: &target)
    }

    /// Reads what a client sends after this side's end, until it ends too.
    private func discard(_ connection: TCPConnection) {
        let scratch = scratch
        var target = scratch.mutableOctets(0..<StreamFrames.readChunk)
        switch Syscalls.receive(connection.descriptor, into: &target) {
        case .done(0), .failed: close(connection)
        case .done, .wouldBlock: break
        }
    }

    /// Lets paused connections go on with what they have sent before.
    func resume(_ handler: any NetworkHandler) {
        guard !resumable.isEmpty else { return }
        let keys = resumable
        resumable = []
        let scratch = scratch
        for key in keys {
            guard let connection = connections[key] else { continue }
            connection.isListedForResume = false
            connection.isPaused = false
            let filled = restore(connection)
            answer(scratch.octets(0..<filled), connection, handler)
        }
    }

    /// Answers the complete queries at the start of `octets`, with one write, and holds the rest.
    private func answer(
        _ octets: Span<UInt8>, _ connection: TCPConnection, _ handler: any NetworkHandler
    ) {
        arrival.begin(.tcp, connection.key)
        arrival.peer = connection.peer
        let limits = context.limits
        var offset = 0
        var taken: UInt64 = 0
        var isMalformed = false
        while let range = StreamFrames.message(in: octets, at: offset, end: octets.count) {
            guard !connection.mustPause(limits, gathered: answers.count) else {
                connection.isPaused = true
                break
            }
            // No message is empty or shorter than its header. A client that sends one is out of
            // step: what follows means nothing, what it asked before is still answered.
            guard range.count >= Header.length else {
                isMalformed = true
                break
            }
            offset = range.upperBound
            taken &+= 1
            answer(query: octets.extracting(range), connection, handler)
        }
        guard connections[connection.key] != nil else {
            // To ask an upstream may have taken a descriptor from the idlest connection: this one.
            return answers.removeAll()
        }
        if taken > 0 {
            context.counters.tcpReceived &+= taken
            connection.hasQueried = true
            connection.lastActivity = context.now
            activity.touch(connection.key.slot)
            guard writeAnswers(to: connection) else { return }
        }
        if isMalformed {
            context.counters.tcpMalformed &+= 1
            return end(connection)
        }
        if offset < octets.count {
            connection.input.hold(octets.extracting(offset..<octets.count))
        }
        settle(connection)
    }

    @inline(__always)
    private func answer(
        query: Span<UInt8>, _ connection: TCPConnection, _ handler: any NetworkHandler
    ) {
        arrival.isPathTaken = false
        let answers = answers
        var target = answers.next()
        // Counted before the call: what it sends to the path it takes is counted off.
        connection.queriesInFlight += 1
        defer { if !arrival.isPathTaken { connection.queriesInFlight -= 1 } }
        let length = handler.query(
            query, from: connection.peer.ip, over: .tcp, arrival, &target)
        if length > StreamFrames.maximumMessage {
            context.counters.droppedOversized &+= 1
        } else if length > 0 {
            answers.commit(length: length)
        }
    }

    /// Writes what was gathered for a connection. What the kernel does not take waits in its output,
    /// and all of it if something waits there already. False when the connection had to be closed.
    private func writeAnswers(to connection: TCPConnection) -> Bool {
        let answers = answers
        guard answers.count > 0 else { return true }
        defer { answers.removeAll() }
        context.counters.tcpSent &+= answers.messages
        guard connection.output.count == 0 else {
            enqueue(encoded: answers.octets, connection)
            return true
        }
        var written = 0
        switch Syscalls.send(connection.descriptor, answers.octets) {
        case .failed:
            close(connection)
            return false
        case .done(let count): written = count
        case .wouldBlock: break
        }
        if written < answers.count {
            connection.output.append(encoded: answers.octets.extracting(written...))
            connection.noteWritten(written, now: context.now)
        }
        resumeLater(connection)
        return true
    }

    /// Queues an answer to a path taken earlier. It goes out with the round.
    func send(_ message: Span<UInt8>, to path: ReplyPath) {
        guard let connection = connections[path.key] else {
            context.counters.droppedPathGone &+= 1
            return
        }
        connection.queriesInFlight = max(0, connection.queriesInFlight - 1)
        guard message.count <= StreamFrames.maximumMessage else {
            context.counters.droppedOversized &+= 1
            return letGo(connection)
        }
        enqueue(message, connection)
        resumeLater(connection)
    }

    /// Whether less waits for this path's client than may; also when it is gone.
    func hasRoom(for path: ReplyPath) -> Bool {
        connections[path.key].map { $0.output.count < context.limits.queuedOctets } ?? true
    }

    /// No answer to this path will come.
    func abandon(_ path: ReplyPath) {
        guard let connection = connections[path.key] else { return }
        connection.queriesInFlight = max(0, connection.queriesInFlight - 1)
        letGo(connection)
    }

    /// After a query that gets no answer: the connection may go on, or be finished. That is looked
    /// at when the round ends, since a handler's call may be within this connection's reading.
    private func letGo(_ connection: TCPConnection) {
        resumeLater(connection)
        listForFlush(connection)
    }

    private func enqueue(_ message: Span<UInt8>, _ connection: TCPConnection) {
        guard makeRoom(for: message.count, connection) else { return }
        connection.output.append(message)
        context.counters.tcpSent &+= 1
    }

    private func enqueue(encoded octets: Span<UInt8>, _ connection: TCPConnection) {
        guard makeRoom(for: octets.count, connection) else { return }
        connection.output.append(encoded: octets)
    }

    /// Whether so many octets may join a connection's output, which goes out when the round ends.
    private func makeRoom(for count: Int, _ connection: TCPConnection) -> Bool {
        listForFlush(connection)
        if !connection.isOverrun, connection.isOverrun(by: count, context.limits) {
            // The kernel may take what the round has gathered. An error shows at the round's end.
            _ = connection.output.flush(connection.descriptor)
        }
        guard !connection.isOverrun(by: count, context.limits) else {
            // Closed when the round ends: a handler's call may be within this connection's reading.
            connection.isOverrun = true
            connection.output = StreamOutput()
            return false
        }
        return true
    }

    private func listForFlush(_ connection: TCPConnection) {
        guard !connection.isListedForFlush else { return }
        connection.isListedForFlush = true
        unflushed.append(connection.key)
    }

    func resumeLater(_ connection: TCPConnection) {
        guard connection.isPaused, !connection.isListedForResume,
            !connection.mustPause(context.limits)
        else { return }
        connection.isListedForResume = true
        resumable.append(connection.key)
    }

    /// Writes what the round has gathered, each connection's answers at once.
    func flush() {
        defer { shed() }
        guard !unflushed.isEmpty else { return }
        let keys = unflushed
        unflushed = []
        for key in keys {
            guard let connection = connections[key] else { continue }
            connection.isListedForFlush = false
            if connection.isOverrun {
                context.counters.tcpOverrun &+= 1
                close(connection)
                continue
            }
            // A blocked connection is written to when the poll set says so.
            if connection.blockedSince == nil { flush(connection) } else { count(connection) }
        }
    }

    private func flush(_ connection: TCPConnection) {
        guard connection.output.count > 0 else { return settle(connection) }
        switch connection.output.flush(connection.descriptor) {
        case .failed: return close(connection)
        case .done(let count) where count > 0:
            connection.lastActivity = context.now
            activity.touch(connection.key.slot)
            connection.noteWritten(count, now: context.now)
        case .done, .wouldBlock:
            connection.noteWritten(0, now: context.now)
        }
        resumeLater(connection)
        settle(connection)
    }

    /// Ends a finished connection, or tells the poll set what it now waits for.
    func settle(_ connection: TCPConnection) {
        if connection.isFinished {
            if connection.hasEnded { return close(connection) }
            bidFarewell(to: connection)
        }
        count(connection)
        var wanted: Readiness = []
        if connection.farewellAt != nil || (!connection.isInputClosed && !connection.isPaused) {
            wanted.insert(.readable)
        }
        if connection.blockedSince != nil { wanted.insert(.writable) }
        guard wanted != connection.watched else { return }
        connection.watched = wanted
        context.pollSet.modify(
            connection.descriptor, PollToken(.tcpConnection, connection.key), wanted)
    }

    /// Reads what each client has sent so far, and no more: answers still owed go out, then the
    /// connections close.
    func finish(_ handler: any NetworkHandler) {
        for connection in connections.elements {
            read(connection, handler)
            guard connections[connection.key] != nil else { continue }
            connection.isInputClosed = true
            connection.hasEnded = true
            settle(connection)
        }
    }
}
