import DNS

/// Checks images that come from outside the process, as out of a file: whoever expands one later
/// reads and writes where it says.
struct AnswerImageCheck {
    /// The flags that an image may have (RFC 1035 §4.1.1); the others are the response's own.
    private static let flags =
        Header.Flag.authoritativeAnswer | Header.Flag.truncated | Header.Flag.authenticData
        | Header.Flag.rcodeMask

    /// The message that the image stands for.
    private var message = [UInt8](repeating: 0, count: 65_535)
    /// The same message, written by this server.
    private var again = [UInt8](repeating: 0, count: 65_535)

    /// Whether the image of an answer for `name`, a wire form, is one that this server could have
    /// made: every length and place right, every record and name readable.
    mutating func accepts(_ octets: Span<UInt8>, name: Span<UInt8>) -> Bool {
        let questionEnd = Header.length + name.count + 4
        guard AnswerImageView.isWhole(octets) else { return false }
        let image = AnswerImageView(octets)
        guard image.questionEnd == questionEnd, image.messageLength <= message.count,
            image.flags & ~Self.flags == 0
        else { return false }
        var span = message.mutableSpan
        let header = Header(
            id: 0, flags: image.flags, questionCount: 1, answerCount: image.answerCount,
            authorityCount: image.authorityCount, additionalCount: image.additionalCount)
        span.store(header)
        span.copy(name, at: Header.length)
        span.store(RRType.a.rawValue, at: questionEnd - 4)
        span.store(RRClass.internet, at: questionEnd - 2)
        image.expand(into: &span, .seconds(0))
        // The other buffer leaves its owner while this one is read.
        var again: [UInt8] = []
        swap(&again, &self.again)
        defer { swap(&again, &self.again) }
        let whole = message.span.extracting(..<image.messageLength)
        return (try? Self.isWritten(whole, again: &again) && Self.describes(image, whole)) ?? false
    }

    /// Whether the message is one that an upstream may send, and the same when it is written anew: TTLs
    /// in their range, names compressed as a message may have them, nothing that is passed over.
    private static func isWritten(
        _ message: Span<UInt8>, again: inout [UInt8]
    ) throws(MessageError) -> Bool {
        let response = try UpstreamResponse(message)
        var writer = MessageWriter(again.mutableSpan, limit: message.count)
        writer.write(response.header)
        var reader = MessageReader(message, at: Header.length)
        writer.write(try reader.readQuestion())
        for record in response.records {
            // The policies leave no malformed service binding.
            guard !record.isService || isBinding(response.rdata(of: record)) else { return false }
            try writer.copyRecord(record.bounds, of: message, ttl: record.bounds.timeToLive)
        }
        let written = writer.written
        guard written.count == message.count else { return false }
        for index in 0..<message.count where message[index] != written[index] { return false }
        return true
    }

    private static func isBinding(_ rdata: [UInt8]) -> Bool {
        (try? ServiceBinding(rdata: rdata.span)) != nil
    }

    /// Whether the image says of the message's records what is so.
    private static func describes(
        _ image: borrowing AnswerImageView, _ message: Span<UInt8>
    ) throws(MessageError) -> Bool {
        let octets = try AnswerImage(
            flags: image.flags, answerCount: image.answerCount,
            authorityCount: image.authorityCount, additionalCount: image.additionalCount,
            questionEnd: UInt16(image.questionEnd)
        ).encoded(of: message)
        let made = AnswerImageView(octets.span)
        guard image.finalName == made.finalName, image.timeToLiveCount == made.timeToLiveCount,
            image.watchedCount == made.watchedCount
        else { return false }
        for index in 0..<made.timeToLiveCount
        where image.timeToLiveOffset(index) != made.timeToLiveOffset(index) { return false }
        for index in 0..<made.watchedCount
        where image.watchedName(index) != made.watchedName(index) { return false }
        return true
    }
}

extension UpstreamResponse.Record {
    fileprivate var isService: Bool { type == .https || type == .svcb }
}

extension AnswerImageView {
    /// Whether the octets have all that the header's numbers count.
    fileprivate static func isWhole(_ octets: Span<UInt8>) -> Bool {
        guard octets.count >= AnswerImage.headerLength else { return false }
        let places = Int(octets.uint16(at: 8)) + Int(octets.uint16(at: 10))
        let textLength = Int(octets.uint16(at: 18))
        return textLength <= ResponseOptions.maximumErrorText
            && AnswerImage.headerLength + 2 * places + textLength <= octets.count
    }
}

extension MutableSpan where Element == UInt8 {
    @_lifetime(self: copy self)
    fileprivate mutating func store(_ header: Header) {
        let fields = [
            header.id, header.flags, header.questionCount, header.answerCount,
            header.authorityCount, header.additionalCount,
        ]
        for (index, field) in fields.enumerated() { store(field, at: 2 * index) }
    }
}
