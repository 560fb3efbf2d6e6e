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
        image.expand(into: &span, elapsed: 0)
        return (try? Self.hasSoundRecords(span.span.extracting(..<image.messageLength), image))
            ?? false
    }

    private static func hasSoundRecords(
        _ message: Span<UInt8>, _ image: borrowing AnswerImageView
    ) throws(MessageError) -> Bool {
        // What an upstream's response has to be, too.
        let records = try UpstreamResponse(message).records
        let count =
            Int(image.answerCount) + Int(image.authorityCount) + Int(image.additionalCount)
        guard records.count == count,
            records.last?.bounds.rdata.upperBound ?? image.questionEnd == message.count
        else { return false }
        var made = AnswerImage(
            flags: image.flags, answerCount: image.answerCount,
            authorityCount: image.authorityCount, additionalCount: image.additionalCount,
            questionEnd: UInt16(image.questionEnd))
        try made.index(message)
        return image.finalName == made.finalName
            && image.timeToLiveCount == made.timeToLiveOffsets.count
            && image.watchedCount == made.watchedNames.count
            && made.timeToLiveOffsets.indices.allSatisfy {
                image.timeToLiveOffset($0) == made.timeToLiveOffsets[$0]
            }
            && made.watchedNames.indices.allSatisfy {
                image.watchedName($0) == made.watchedNames[$0]
            }
    }
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
