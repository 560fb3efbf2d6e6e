import DNS
import Nameserver
import Transport

/// What a worker's questions to upstream servers come to.
extension Worker {
    func upstreamReply(_ message: Span<UInt8>, exchange: UInt64) -> Bool {
        let isTaken = forwarder.receive(message, exchange: exchange, now: now)
        carryOut()
        return isTaken
    }

    func upstreamFailure(exchange: UInt64, error: UpstreamError) {
        forwarder.fail(exchange: exchange, AttemptFailure(error), now: now)
        carryOut()
    }

    func upstreamUnfit(exchange: UInt64, because trouble: DatagramTrouble) {
        forwarder.moveToTCP(exchange: exchange, now: now)
        carryOut()
    }

    /// Carries out what the forwarder decided, until it has nothing more to say.
    func carryOut() {
        // An answer may have its client ask again. That waits for its turn: of thousands at once each would
        // else be carried out within the one before.
        guard !isCarryingOut else { return }
        isCarryingOut = true
        while let command = forwarder.nextCommand() { carryOut(command) }
        isCarryingOut = false
    }

    private func carryOut(_ command: Forwarder.Command) {
        switch command {
        case .send(let attempt):
            send(
                attempt.sentMessage, to: attempt.address, over: attempt.sentOver, attempt.exchange)
        case .sendCheck(let check):
            send(check.message, to: check.address, over: check.transport, check.exchange)
        case .late(let exchange):
            loop.doubtUpstream(exchange: exchange)
        case .cancel(let exchange):
            loop.cancelUpstream(exchange: exchange)
        case .answer(let waiters, let fresh):
            deliver(fresh, to: waiters)
        case .report(let failure):
            shared.events.failed(failure)
        case .trouble(let trouble):
            shared.events.trouble(trouble)
        case .loop(let notice):
            shared.events.loop(notice)
        }
    }

    private func send(
        _ message: [UInt8], to upstream: UpstreamAddress, over transport: ClientTransport,
        _ exchange: UInt64
    ) {
        do throws(UpstreamError) {
            try loop.sendUpstream(
                message.span, to: UpstreamEndpoint(upstream), over: transport, exchange: exchange)
        } catch {
            forwarder.fail(exchange: exchange, AttemptFailure(error), now: now)
        }
    }

    private func deliver(_ fresh: FreshAnswer, to waiters: Waiters) {
        // Mostly one client waits, and here.
        if let first = waiters.first, first.worker == index { resume(first.ticket, fresh) }
        for waiter in waiters.others where waiter.worker == index { resume(waiter.ticket, fresh) }
        guard waiters.first?.worker != index || !waiters.others.isEmpty else { return }
        for (worker, waiters) in Dictionary(grouping: waiters.all, by: \.worker)
        where worker != index {
            mailboxes[worker].post(.answer(tickets: waiters.map(\.ticket), fresh))
        }
    }

    func tick(now: Int64) {
        forwarder.tick(now: now)
        carryOut()
    }
}

extension AttemptFailure {
    init(_ error: UpstreamError) {
        self =
            switch error {
            case .refused: .refused
            case .exhausted: .busy
            default: .network("\(error)")
            }
    }
}
