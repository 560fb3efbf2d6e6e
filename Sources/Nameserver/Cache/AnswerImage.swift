import DNS

/// An upstream answer as it is stored: ready to be copied behind any client's question. It holds no
/// question; its compression pointers count from the start of a message whose question has the
/// same name, so that owner names take the client's spelling.
///
/// Layout, all integers 16 bits in network order: flags, counts of answer, authority and additional
/// records, number of TTLs, number of watched names, end of the question section, place of the last
/// name of the CNAME chain, extended error code, length of its text; then the places of the TTLs and of
/// the watched names, the text, the sections. Places are octets from the message's start.
///
/// Watched names are those that a zone of the client's view may claim: targets of aliases and of service
/// bindings, and owners of endpoint records outside the answer section.
struct AnswerImage {
    let flags: UInt16
    var answerCount: UInt16 = 0
    var authorityCount: UInt16 = 0
    var additionalCount: UInt16 = 0
    let questionEnd: UInt16
    var extendedError: ExtendedErrorOption?

    static let headerLength = 20
    /// The code that stands for no extended error (RFC 8914 §5.2 reserves it for private use).
    fileprivate static let noExtendedError: UInt16 = 65_535

    /// The image of a whole message. Throws when its records cannot be read.
    func encoded(of message: Span<UInt8>) throws(MessageError) -> [UInt8] {
        let sections = message.extracting(Int(questionEnd)...)
        let answers = Int(answerCount)
        let others = answers + Int(authorityCount)
        let count = others + Int(additionalCount)
        let watchedStart = Self.headerLength + 2 * count
        var octets: [UInt8] = []
        // Most answers have no watched name; an alias has one.
        octets.reserveCapacity(watchedStart + 2 * answers + sections.count)
        octets.append(contentsOf: repeatElement(0, count: watchedStart))
        var image = octets.mutableSpan
        var finalName = UInt16(Header.length)
        var watchedNames: [UInt16] = []
        var reader = MessageReader(message, at: Int(questionEnd))
        for index in 0..<count {
            let record = try reader.readRecord()
            let rdata = record.rdata.lowerBound
            image.store(UInt16(rdata - 6), at: Self.headerLength + 2 * index)
            if index < answers, record.type == .cname {
                finalName = UInt16(rdata)
                watchedNames.append(finalName)
            }
            if index < answers || index >= others, record.type == .https || record.type == .svcb,
                record.rdata.count > 2, message[rdata + 2] != 0
            {
                // The target of a service binding; "." is the owner itself (RFC 9460 §2.5).
                watchedNames.append(UInt16(rdata + 2))
            }
            if index >= others, ZoneSettings.endpointTypes.contains(record.type) {
                watchedNames.append(UInt16(record.ownerOffset))
            }
        }
        writeHeader(into: &image)
        image.store(UInt16(count), at: 8)
        image.store(UInt16(watchedNames.count), at: 10)
        image.store(finalName, at: 14)
        for place in watchedNames {
            octets.append(UInt8(place >> 8))
            octets.append(UInt8(truncatingIfNeeded: place))
        }
        if let text = errorText { octets.append(contentsOf: text) }
        octets.append(sections)
        return octets
    }

    /// An error answer without records.
    static func failure(
        _ rcode: RCode, questionEnd: Int, extendedError: ExtendedErrorOption?
    ) -> [UInt8] {
        let image = AnswerImage(
            flags: rcode.rawValue, questionEnd: UInt16(questionEnd), extendedError: extendedError)
        var octets = [UInt8](zeros: headerLength)
        var header = octets.mutableSpan
        image.writeHeader(into: &header)
        if let text = image.errorText { octets.append(contentsOf: text) }
        return octets
    }

    /// Writes the header of an image without places.
    @_lifetime(image: copy image)
    private func writeHeader(into image: inout MutableSpan<UInt8>) {
        image.store(flags, at: 0)
        image.store(answerCount, at: 2)
        image.store(authorityCount, at: 4)
        image.store(additionalCount, at: 6)
        image.store(questionEnd, at: 12)
        image.store(UInt16(Header.length), at: 14)
        image.store(extendedError?.infoCode ?? Self.noExtendedError, at: 16)
        image.store(UInt16(errorText?.count ?? 0), at: 18)
    }

    private var errorText: Substring.UTF8View? {
        extendedError?.text.utf8.prefix(ResponseOptions.maximumErrorText)
    }
}

/// Reads an encoded image in place.
struct AnswerImageView: ~Escapable {
    private let octets: Span<UInt8>

    @_lifetime(copy octets)
    init(_ octets: Span<UInt8>) { self.octets = octets }

    @inline(__always)
    var flags: UInt16 { octets.uint16(at: 0) }
    @inline(__always)
    var rcode: RCode { RCode(rawValue: flags & Header.Flag.rcodeMask) }
    @inline(__always)
    var answerCount: UInt16 { octets.uint16(at: 2) }
    @inline(__always)
    var authorityCount: UInt16 { octets.uint16(at: 4) }
    @inline(__always)
    var additionalCount: UInt16 { octets.uint16(at: 6) }
    @inline(__always)
    var timeToLiveCount: Int { Int(octets.uint16(at: 8)) }
    @inline(__always)
    var watchedCount: Int { Int(octets.uint16(at: 10)) }
    @inline(__always)
    var questionEnd: Int { Int(octets.uint16(at: 12)) }
    @inline(__always)
    var finalName: Int { Int(octets.uint16(at: 14)) }

    /// The code of the extended error that belongs to the answer; nil for none.
    @inline(__always)
    var extendedErrorCode: UInt16? {
        let code = octets.uint16(at: 16)
        return code == AnswerImage.noExtendedError ? nil : code
    }

    var extendedErrorText: Span<UInt8> {
        @_lifetime(copy self)
        get { octets.extracting(textStart..<sectionsStart) }
    }

    @inline(__always)
    func timeToLiveOffset(_ index: Int) -> Int {
        Int(octets.uint16(at: AnswerImage.headerLength &+ 2 &* index))
    }

    @inline(__always)
    func watchedName(_ index: Int) -> Int {
        Int(octets.uint16(at: AnswerImage.headerLength &+ 2 &* (timeToLiveCount &+ index)))
    }

    @inline(__always)
    private var textStart: Int {
        AnswerImage.headerLength &+ 2 &* (timeToLiveCount &+ watchedCount)
    }

    @inline(__always)
    private var sectionsStart: Int { textStart &+ Int(octets.uint16(at: 18)) }

    @inline(__always)
    var sectionsLength: Int { octets.count &- sectionsStart }

    /// The whole message's length without an OPT record.
    @inline(__always)
    var messageLength: Int { questionEnd &+ sectionsLength }

    /// Copies the sections behind a question that `message` holds already, with the TTLs that they
    /// have at this age. `message` must have room for `messageLength`.
    @inline(__always)
    @_lifetime(message: copy message)
    func expand(into message: inout MutableSpan<UInt8>, _ age: AnswerAge) {
        message.copy(octets.extracting(sectionsStart..<octets.count), at: questionEnd)
        if case .seconds(0) = age { return }
        for index in 0..<timeToLiveCount {
            let offset = timeToLiveOffset(index)
            message.store(age.remaining(of: message.span.uint32(at: offset)), at: offset)
        }
    }
}

/// How old a stored answer is.
enum AnswerAge: Equatable {
    /// Whole seconds since it was stored, less than its lifetime.
    case seconds(UInt32)
    /// Past its lifetime.
    case stale

    /// RFC 8767 §4: "a TTL of 30 seconds is recommended".
    private static let staleTTL: UInt32 = 30

    /// What is left of a TTL.
    func remaining(of ttl: UInt32) -> UInt32 {
        switch self {
        case .seconds(let age): ttl > age ? ttl &- age : 0
        case .stale: Self.staleTTL
        }
    }
}
