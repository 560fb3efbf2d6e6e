internal import DNS
package import Dispatch

/// One worker's network: its listeners, its clients' TCP connections and its upstream sockets, in
/// one poll set that one dispatch source watches. Everything but `wakeUp` belongs to the worker's
/// serial queue; `start` keeps the loop and its handler alive until `stop` has finished.
package final class NetworkLoop {
    /// Wakes the loop from any thread.
    package let wakeUp: WakeUp

    let queue: DispatchQueue
    let context: LoopContext
    let batches = DatagramBatches()
    let streams: StreamServer
    let exchanges: UpstreamExchanges
    let upstreamDatagrams: UpstreamDatagrams
    let upstreamStreams: UpstreamStreams
    let udpListeners = SlotTable<UDPListener>(maximum: maximumListeners)
    let tcpListeners = SlotTable<TCPListener>(maximum: maximumListeners)

    /// Listeners to be closed at the end of the round.
    var removedUDP: [SlotKey] = []
    var removedTCP: [SlotKey] = []
    /// Listeners that cannot accept for want of descriptors or memory, until the next tick.
    var pausedTCP: [SlotKey] = []

    private let turn: Int64
    private let timer: TickTimer
    private var lastTick: Int64
    private var toldShortages: UInt64 = 0
    private var handler: (any NetworkHandler)?
    private var source: (any DispatchSourceRead)?
    private(set) var isInRound = false
    // A wake-up is on its way for output that was queued outside a round.
    private var isRoundComing = false
    private var drainDeadline: Int64?
    private var hasStoppedListening = false
    private var stopped: [() -> Void] = []

    /// Addresses that a worker may listen on; an interface each, far above any host's.
    static let maximumListeners = 1024
    /// How long a loop keeps its thread once something has arrived, in nanoseconds. Until then it
    /// waits for more in its own poll set, where a query costs one wake-up; one that comes later
    /// costs two changes of threads more. A thread that waits costs nothing.
    package static let turn = 10 * MonotonicClock.nanosecondsPerSecond
    /// Nanoseconds from one tick to the next, while ticks are needed.
    package static let tickPeriod = 50 * MonotonicClock.nanosecondsPerMillisecond

    /// Makes a loop that does nothing yet. Its clients' connections are limited together with those
    /// of other loops of the same `census`. Throws when descriptors run out.
    package init(
        queue: DispatchQueue, limits: TransportLimits,
        census: ConnectionCensus = ConnectionCensus(), turn: Int64 = NetworkLoop.turn
    ) throws(TransportError) {
        self.queue = queue
        self.turn = turn
        context = try LoopContext(limits)
        wakeUp = try WakeUp()
        timer = try TickTimer()
        lastTick = context.now
        exchanges = UpstreamExchanges(limits)
        streams = StreamServer(
            context, batches.arrival, spare: SpareDescriptor(of: wakeUp.descriptor),
            census: census, wakeUp: wakeUp)
        upstreamDatagrams = UpstreamDatagrams(context, exchanges, batches.received)
        upstreamStreams = UpstreamStreams(context, exchanges)
        context.freeDescriptor = { [unowned streams] in streams.closeIdlest() }
        for (descriptor, target) in [
            (wakeUp.descriptor, PollTarget.wakeUp), (timer.descriptor, .timer),
        ] {
            let error = context.pollSet.add(descriptor, PollToken(target), .readable)
            guard error == 0 else { throw .system(operation: "epoll_ctl", errno: error) }
        }
    }

    deinit { closeAll() }

    /// Begins to call the handler. To be called once.
    package func start(_ handler: any NetworkHandler) {
        precondition(source == nil && stopped.isEmpty)
        self.handler = handler
        let source = DispatchSource.makeReadSource(
            fileDescriptor: context.pollSet.descriptor, queue: queue)
        // Both closures keep the loop alive; cancelling releases them. The poll set's descriptor is
        // closed with the loop, so after the source has let go of it.
        source.setEventHandler { self.run() }
        source.setCancelHandler { self.finishStop() }
        self.source = source
        source.activate()
    }

    /// Asks for ticks; without them the loop sleeps until something arrives.
    package var needsTicks = false {
        didSet { startTimer() }
    }

    /// What has happened so far.
    package var counters: TransportCounters { context.counters }

    /// Puts other limits for clients in the place of those so far, for open connections too.
    package func change(_ limits: TransportLimits) {
        context.limits = limits
        for listener in tcpListeners.elements { listener.limitSilence(limits) }
        streams.limitsChanged()
        roundIsNeeded()
    }

    // MARK: Rounds

    /// The source's handler: rounds until the turn is over. Whoever wants something of the worker
    /// wakes the loop, so nothing on the queue has to wait for the turn's end; but it comes, and then
    /// the queue is free. With work left the source fires again at once.
    private func run() {
        updateClock()
        let end = context.now + turn
        while context.now < end {
            guard let handler, source != nil else { return }
            let left = (end - context.now) / MonotonicClock.nanosecondsPerMillisecond
            let count = context.pollSet.wait(milliseconds: hasWork ? 0 : Int32(clamping: left + 1))
            guard count > 0 || hasWork else { return }
            round(count, handler)
        }
        if hasWork { wakeUp.wake() }
    }

    /// Something is to be done without any event.
    private var hasWork: Bool {
        streams.hasWork || upstreamStreams.hasWork || upstreamDatagrams.hasWork
            || !removedUDP.isEmpty || !removedTCP.isEmpty
    }

    private func round(_ count: Int, _ handler: any NetworkHandler) {
        context.now = MonotonicClock.now()
        context.round &+= 1
        isInRound = true
        isRoundComing = false
        handler.roundBegan(now: context.now)
        for index in 0..<count {
            let (token, readiness) = context.pollSet.event(index)
            handle(token, readiness, handler)
        }
        if timer.isRunning, context.now - lastTick >= Self.tickPeriod { tick(handler) }
        streams.resume(handler)
        upstreamDatagrams.reportBroken(handler)
        closeRemoved(handler)
        if drainDeadline != nil, !hasStoppedListening {
            hasStoppedListening = true
            stopListening(handler)
        }
        handler.roundEnded()
        flush(handler)
        isInRound = false
        if let drainDeadline, isDrained || context.now >= drainDeadline { stop() }
    }

    private func handle(_ token: PollToken, _ readiness: Readiness, _ handler: any NetworkHandler) {
        switch token.target {
        case .udpListener:
            udpListeners[token.key]?.drain(handler, batches, upstreamDatagrams, context)
        case .tcpConnection:
            streams.handle(token.key, readiness, handler)
        case .upstreamSocket:
            upstreamDatagrams.handle(token.key, handler)
        case .upstreamConnection:
            upstreamStreams.handle(token.key, readiness, handler)
        case .tcpListener:
            accept(token.key)
        case .wakeUp:
            Syscalls.takeCount(wakeUp.descriptor)
            streams.payDebt()
            handler.messages()
        case .timer:
            Syscalls.takeCount(timer.descriptor)
            tick(handler)
        case nil:
            break
        }
    }

    private func tick(_ handler: any NetworkHandler) {
        lastTick = context.now
        resumeAccepting()
        if context.counters.descriptorShortages != toldShortages {
            toldShortages = context.counters.descriptorShortages
            handler.descriptorsRanOut()
        }
        handler.tick(now: context.now)
        streams.sweep(handler)
        upstreamDatagrams.sweep(handler)
        upstreamStreams.sweep(handler)
        // Only here: a connection that comes and goes between two ticks is not to set it twice.
        if !isTimerNeeded { timer.stop() }
    }

    private func flush(_ handler: any NetworkHandler) {
        // First the one that may call the handler, which may then send.
        upstreamStreams.flush(handler)
        upstreamDatagrams.flush()
        flushAnswers()
        handler.answersSent()
        if hasHeld { sendHeld() }
    }

    /// Whether there is something that the kernel had no room for.
    private var hasHeld: Bool { !batches.held.isEmpty || upstreamDatagrams.hasHeld }

    private func sendHeld() {
        let outcome = batches.held.send(now: context.now) { udpListeners[$0]?.descriptor }
        context.counters.sent &+= UInt64(outcome.sent)
        context.counters.sendFailures &+= UInt64(outcome.lost)
        upstreamDatagrams.sendHeld()
        startTimer()
    }

    private func flushAnswers() {
        batches.flush(context)
        streams.flush()
    }

    /// The timer runs only while the handler or something open needs it, and for one tick more. To
    /// be called where such a need may begin: a round of local answers does not ask.
    func startTimer() {
        if !timer.isRunning, isTimerNeeded { timer.start(period: Self.tickPeriod) }
    }

    private var isTimerNeeded: Bool {
        needsTicks || drainDeadline != nil || !streams.isEmpty || !upstreamDatagrams.isEmpty
            || !upstreamStreams.isEmpty || hasHeld || !pausedTCP.isEmpty
    }

    /// Sees to it that what was just queued goes out, when no round is on its way to do so.
    func roundIsNeeded() {
        guard !isInRound, !isRoundComing else { return }
        isRoundComing = true
        wakeUp.wake()
    }

    /// Brings the clock up to date for calls from outside a round.
    func updateClock() {
        if !isInRound { context.now = MonotonicClock.now() }
    }

    // MARK: The end

    /// Stops listening, answers what has been asked so far, and stops when nothing is owed any more
    /// or at `deadline` (nanoseconds of `MonotonicClock`). Then calls `stopped` on the queue.
    package func drain(deadline: Int64, stopped: @escaping () -> Void) {
        guard source != nil else { return stopped() }
        self.stopped.append(stopped)
        drainDeadline = drainDeadline ?? deadline
        startTimer()
        roundIsNeeded()
    }

    /// Nothing is owed to any client.
    private var isDrained: Bool {
        streams.isEmpty && exchanges.count == 0 && !hasHeld && handler?.owesAnswers != true
    }

    /// Sends what is queued and closes everything, in order: first the dispatch source, then, in its
    /// cancel handler, the descriptors. Then calls `stopped` on the queue.
    package func stop(_ stopped: (() -> Void)? = nil) {
        if let stopped { self.stopped.append(stopped) }
        guard let source else { return }
        flushAnswers()
        self.source = nil
        source.cancel()
    }

    private func finishStop() {
        closeAll()
        handler = nil
        let callbacks = stopped
        stopped = []
        for callback in callbacks { callback() }
    }

    private func closeAll() {
        timer.stop()
        for listener in udpListeners.elements { listener.close(context) }
        for listener in tcpListeners.elements { listener.close(context) }
        for listener in udpListeners.elements { udpListeners.remove(listener.key) }
        for listener in tcpListeners.elements { tcpListeners.remove(listener.key) }
        streams.closeAll()
        upstreamDatagrams.closeAll()
        upstreamStreams.closeAll()
    }
}
