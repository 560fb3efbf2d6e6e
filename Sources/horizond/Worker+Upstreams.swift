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
        while let command = forwarder.nextCommand() { carryOut(command) }
    }

    private func carryOut(_ command: Forwarder.Command) {
        switch command {
        case .send(let exchange, let upstream, let transport, let octets):
            do throws(UpstreamError) {
                try loop.sendUpstream(
                    octets.span, to: UpstreamEndpoint(upstream), over: transport,
                    exchange: exchange)
            } catch {
                forwarder.fail(exchange: exchange, AttemptFailure(error), now: now)
            }
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

    private func deliver(_ fresh: FreshAnswer, to waiters: [Waiter]) {
        // Mostly one client waits, and here.
        for waiter in waiters where waiter.worker == index { resume(waiter.ticket, fresh) }
        guard waiters.contains(where: { $0.worker != index }) else { return }
        for (worker, waiters) in Dictionary(grouping: waiters, by: \.worker)
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
