import DNS
import Nameserver
import Transport

/// Answers to whom they belong: clients on the network, and those in the program that ask for one.
extension Worker {
    /// Answers a question of the program's own, at once or when the upstream has answered.
    func ask(_ inquiry: Inquiry) {
        // The buffer leaves its owner while it is written to.
        var buffer: [UInt8] = []
        swap(&buffer, &response)
        var span = buffer.mutableSpan
        let processor = processor(for: .inquiry(inquiry))
        let octets = inquiry.message
        let disposition = processor.process(
            octets.span, from: inquiry.client, over: inquiry.transport, on: inquiry.snapshot,
            fresh: [], into: &span)
        swap(&buffer, &response)
        switch disposition {
        case .drop:
            inquiry.end([], from: processor.source)
        case .respond(let length):
            inquiry.end(Array(response[..<length]), from: processor.source)
            if processor.hasRefresh { refresh(processor) }
        case .forward:
            let client = waiting.add(
                octets.span, from: inquiry.client, to: .inquiry(inquiry), on: inquiry.snapshot,
                receivedAt: now)
            guard let client else { return inquiry.end([], from: .failure) }
            forward(client, processor)
        }
    }

    func processor(for recipient: Recipient) -> QueryProcessor {
        guard case .inquiry = recipient else { return processor }
        let own =
            inquiryProcessor
            ?? QueryProcessor(cache: shared.cache, snapshot: processor.currentSnapshot)
        inquiryProcessor = own
        own.setTime(now, unixTime: WallClock.seconds())
        return own
    }

    func send(
        _ answer: Span<UInt8>, to recipient: Recipient, from source: AnswerSource,
        _ upstream: Upstream? = nil
    ) {
        switch recipient {
        case .client(let path): loop.send(answer, to: path)
        case .inquiry(let inquiry):
            inquiry.end(answer.array(0..<answer.count), from: source, upstream?.address)
        }
    }

    /// Whether a client has read enough to get another answer.
    func hasRoom(for client: WaitingClient) -> Bool {
        guard case .client(let path) = client.recipient else { return true }
        return loop.hasRoom(for: path)
    }

    func abandon(_ recipient: Recipient) {
        switch recipient {
        case .client(let path): loop.abandon(path)
        case .inquiry(let inquiry): inquiry.end([], from: .failure)
        }
    }
}
