import DNS

/// Whether a message from an upstream answers an attempt's question, before anything of it is used.
enum ResponseCheck {
    enum Verdict: Equatable {
        /// Not a response to this question: it may be forged, and the right one may still come
        /// (RFC 5452 §9.1).
        case notOurs
        /// The question is right but for the random spelling of its name.
        case otherSpelling
        /// The response was cut to fit a datagram; it is to be asked again over TCP (RFC 7766 §5).
        case truncated
        /// The upstream may not understand EDNS or the cookie; it is to be asked without (RFC 6891 §7).
        /// Old ones leave the question out, so that nothing but the ID is known to be right.
        case refusesEDNS(hasQuestion: Bool)
        /// The response cannot be read.
        case malformed
        case answer
    }

    static func verdict(
        _ message: Span<UInt8>, _ question: UpstreamQuestion, _ attempt: Attempt
    ) -> Verdict {
        guard let header = Header(message), header.isResponse, header.opcode == Opcode.query else {
            return .notOurs
        }
        let withEDNS = attempt.form.withEDNS
        // Some servers leave the question out of an error (RFC 6891 §7 expects it of old ones).
        if header.questionCount == 0, header.rcode != .noError {
            return header.rcode == .formatError && withEDNS
                ? .refusesEDNS(hasQuestion: false) : .malformed
        }
        let end = Header.length + question.name.octets.count + 4
        guard header.questionCount == 1, end <= message.count else { return .notOurs }
        let asked = attempt.message
        let (sent, repeated) = (
            asked.span.extracting(Header.length..<end), message.extracting(Header.length..<end)
        )
        if !repeated.hasEqualOctets(sent) {
            guard isEqual(repeated, sent) else { return .notOurs }
            if attempt.form.randomizesCase { return .otherSpelling }
        }
        if header.isTruncated { return attempt.transport == .udp ? .truncated : .malformed }
        // FORMERR is what a server says that does not know EDNS, or an option; one that does not know
        // the question's type may say NOTIMP.
        let isPlain = header.additionalCount == 0
        if withEDNS,
            header.rcode == .formatError || header.rcode == .notImplemented && isPlain
        {
            return .refusesEDNS(hasQuestion: true)
        }
        return .answer
    }

    /// Whether two questions of one length are equal, however their names are spelled.
    private static func isEqual(_ question: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
        let name = question.count - 4
        for index in 0..<name where lowercased(question[index]) != lowercased(other[index]) {
            return false
        }
        return question.uint32(at: name) == other.uint32(at: name)
    }
}
