/// One client's TCP connection. A record: `StreamServer` acts on it. Confined to the worker's queue.
final class TCPConnection {
    let descriptor: Int32
    let key: SlotKey
    let peer: KernelAddress
    let client: ClientPrefix

    var input = StreamInput()
    var output = StreamOutput()
    /// What it holds of unfinished queries and unread answers, as the server has counted it.
    var held = 0
    /// Queries whose answers the handler still owes.
    var queriesInFlight = 0
    /// No further query is taken: the client sends no more, or this side ends. Answers still go out.
    var isInputClosed = false
    /// The client sends no more, or the whole loop ends: nobody is told of the end of the answers.
    var hasEnded = false
    /// Too many queries in flight or too much output: nothing is read until that has sunk.
    var isPaused = false
    /// More was to be sent than is kept for a client: nothing is, and the connection closes.
    var isOverrun = false
    /// In the list of connections to be flushed, or to be resumed.
    var isListedForFlush = false
    var isListedForResume = false
    /// What the poll set watches for.
    var watched: Readiness = .readable

    /// Times in nanoseconds of `MonotonicClock`.
    let acceptedAt: Int64
    /// The last whole query or written octets; less does not count, or a client could hold a
    /// connection open with an octet now and then.
    var lastActivity: Int64
    /// Since when the client has taken too little of the output that waits; nil when none waits.
    private(set) var blockedSince: Int64?
    private var takenWhileBlocked = 0
    /// When this side closed its half; the client's end is waited for.
    var farewellAt: Int64?
    var hasQueried = false

    /// Octets that a blocked client must take for its time to begin anew: with an octet now and
    /// then it could hold its answers in memory for ever.
    private static let progress = 16 * 1024

    /// How many times the octets that stop the reading may wait: some fifty times what the answers
    /// to 64 ordinary queries take together.
    private static let overrun = 8

    init(_ descriptor: Int32, _ key: SlotKey, _ peer: KernelAddress, now: Int64) {
        self.descriptor = descriptor
        self.key = key
        self.peer = peer
        client = ClientPrefix(peer.ip)
        acceptedAt = now
        lastActivity = now
    }

    /// Whether the next query has to wait; `gathered` octets of answers are not in the output yet.
    func mustPause(_ limits: TransportLimits, gathered: Int = 0) -> Bool {
        queriesInFlight >= limits.queriesInFlight
            || output.count + gathered >= limits.queuedOctets
            || gathered >= StreamAnswers.sufficient
    }

    /// Whether an answer is too much. Reading pauses long before, but the answers to all queries in
    /// flight may come at once, each as long as a message can be.
    func isOverrun(by count: Int, _ limits: TransportLimits) -> Bool {
        isOverrun
            || output.count + count
                > limits.queuedOctets * Self.overrun + StreamFrames.maximumMessage
    }

    /// Whether no answer would be lost if the connection closed now.
    var owesNothing: Bool { queriesInFlight == 0 && output.count == 0 && !isPaused }

    /// Whether nothing is left to be done for this client.
    var isFinished: Bool { isInputClosed && owesNothing }

    /// Notes that the kernel has taken `count` octets of the output.
    func noteWritten(_ count: Int, now: Int64) {
        takenWhileBlocked += count
        if output.count == 0 {
            blockedSince = nil
        } else if blockedSince == nil || takenWhileBlocked >= Self.progress {
            blockedSince = now
        } else {
            return
        }
        takenWhileBlocked = 0
    }

    /// What the clock says about a connection.
    enum Age {
        case fine
        /// It has stayed too long in what it is doing.
        case overdue
        /// Nothing was asked for as long as the limit says.
        case idle
        /// Past its lifetime: it ends as soon as nothing is owed; after the time that any answer
        /// may take, no more queries are taken, or a client could put the end off for ever.
        case old
        /// The client has not answered this side's end.
        case abandoned
    }

    func age(_ now: Int64, _ limits: TransportLimits) -> Age {
        if let farewellAt { return now - farewellAt > limits.farewellTimeout ? .abandoned : .fine }
        if let blockedSince, now - blockedSince > limits.writeTimeout { return .overdue }
        if queriesInFlight > 0, now - lastActivity > limits.answerTimeout { return .overdue }
        if !isInputClosed, now - acceptedAt > limits.lifetime {
            let isDone = owesNothing && input.count == 0
            if isDone || now - acceptedAt > limits.lifetime + limits.answerTimeout { return .old }
        }
        // An answer just queued goes out at the end of the round.
        guard owesNothing else { return .fine }
        if !hasQueried { return now - acceptedAt > limits.firstQueryTimeout ? .overdue : .fine }
        return now - lastActivity > limits.idleTimeout ? .idle : .fine
    }
}
