import DNS

/// What a response's OPT record will hold. It is made ready when a query has been read and written
/// when the rest of the response stands. Each processor has one; filling it allocates nothing.
///
/// A class, because a structure that a class holds has its every use checked for exclusive access.
final class ResponseOptions {
    /// Whether the response gets an OPT record: when the query has one (RFC 6891 §6.1.1).
    private(set) var isPresent = false
    /// The bits of the response's RCODE that its header has no room for, in place (RFC 6891 §6.1.3).
    private(set) var extendedRCode: UInt8 = 0
    /// Whether the query's cookie proves its address.
    private(set) var provesClient = false
    private var dnssecOK = false
    private var cookie: (client: UInt64, server: ServerCookies.Cookie)?
    private var nsidLength = 0
    private var keepalive: UInt16?
    /// The extended error's code, nil for none, and its text.
    private var errorCode: UInt16?
    private var errorLength = 0
    private var errorText = [UInt8](repeating: 0, count: maximumErrorText)
    private var nsid: [UInt8] = []

    /// What fits the length that a stored answer gives it.
    static let maximumErrorText = 255

    private static let cookieLength =
        EDNS.optionHeaderLength + ServerCookies.clientLength + ServerCookies.length

    /// Forgets the last response's.
    @inline(__always)
    func reset() {
        // Without a record nothing is gathered for it.
        guard isPresent else { return }
        isPresent = false
        provesClient = false
        extendedRCode = 0
        cookie = nil
        nsidLength = 0
        keepalive = nil
        errorCode = nil
    }

    /// The response gets an OPT record.
    func begin(dnssecOK: Bool) {
        isPresent = true
        self.dnssecOK = dnssecOK
    }

    func add(cookie: ServerCookies.Cookie, client: UInt64, isProof: Bool = false) {
        self.cookie = (client, cookie)
        provesClient = isProof
    }

    func add(nsid octets: [UInt8]) {
        nsid = octets
        nsidLength = octets.count
    }

    func add(keepalive: UInt16) { self.keepalive = keepalive }

    /// Sets the extended error in the place of another one (RFC 8914 §2).
    func set(_ error: ExtendedErrorOption) {
        guard isPresent else { return }
        errorCode = error.infoCode
        errorLength = 0
        for octet in error.text.utf8.prefix(Self.maximumErrorText) {
            errorText[errorLength] = octet
            errorLength &+= 1
        }
    }

    /// Sets the extended error of a stored answer, or none.
    @inline(__always)
    func set(errorOf image: borrowing AnswerImageView) {
        guard isPresent else { return }
        errorCode = image.extendedErrorCode
        guard errorCode != nil else { return }
        let text = image.extendedErrorText
        errorLength = text.count
        for index in 0..<text.count { errorText[index] = text[index] }
    }

    /// How many octets the response must leave for the record; the extended error goes where room is
    /// left.
    var reservedLength: Int {
        guard isPresent else { return 0 }
        var length = EDNS.emptyLength
        if cookie != nil { length &+= Self.cookieLength }
        if nsidLength > 0 { length &+= EDNS.optionHeaderLength &+ nsidLength }
        if keepalive != nil { length &+= EDNS.optionHeaderLength &+ 2 }
        return length
    }

    func dropError() { errorCode = nil }

    /// Leaves out of the record what does not fit into `room` octets: what serves people first, what proves
    /// the client's address last.
    func fit(_ room: Int) {
        guard isPresent else { return }
        var room = room &- reservedLength
        if room < 0, nsidLength > 0 {
            room &+= EDNS.optionHeaderLength &+ nsidLength
            nsidLength = 0
        }
        if room < 0, cookie != nil {
            room &+= Self.cookieLength
            cookie = nil
        }
        guard errorCode != nil, EDNS.optionHeaderLength &+ 2 &+ errorLength > room else { return }
        errorLength = 0
        if EDNS.optionHeaderLength &+ 2 > room { errorCode = nil }
    }

    /// Writes the record behind a response of `end` octets, counts it in the header, and returns
    /// the whole length. `limit` is what the whole may have; `rcode` gives the upper eight bits of
    /// the extended RCODE (RFC 6891 §6.1.3).
    func write(
        into response: inout MutableSpan<UInt8>, at end: Int, limit: Int, rcode: RCode = .noError
    ) -> Int {
        guard isPresent else { return end }
        extendedRCode = UInt8(truncatingIfNeeded: rcode.rawValue & 0xff0)
        let additional = response.span.uint16(at: 10)
        response.store(additional &+ 1, at: 10)
        response[end] = 0
        response.store(RRType.opt.rawValue, at: end &+ 1)
        response.store(UInt16(EDNS.maximumUDPSize), at: end &+ 3)
        response.store(
            UInt32(rcode.rawValue >> 4) << 24 | (dnssecOK ? 0x8000 : 0), at: end &+ 5)
        let start = end &+ EDNS.emptyLength
        var offset = start
        if let cookie {
            Self.storeHeader(
                EDNSOption.cookie, Self.cookieLength &- EDNS.optionHeaderLength, at: offset,
                into: &response)
            response.store(cookie.client, at: offset &+ 4)
            response.store(cookie.server.head, at: offset &+ 12)
            response.store(cookie.server.hash, at: offset &+ 20)
            offset &+= Self.cookieLength
        }
        if nsidLength > 0 {
            Self.storeHeader(EDNSOption.nsid, nsidLength, at: offset, into: &response)
            response.copy(nsid, 0..<nsidLength, at: offset &+ EDNS.optionHeaderLength)
            offset &+= EDNS.optionHeaderLength &+ nsidLength
        }
        if let keepalive {
            Self.storeHeader(EDNSOption.tcpKeepalive, 2, at: offset, into: &response)
            response.store(keepalive, at: offset &+ EDNS.optionHeaderLength)
            offset &+= EDNS.optionHeaderLength &+ 2
        }
        if let errorCode {
            offset = storeError(errorCode, at: offset, limit: limit, into: &response)
        }
        response.store(UInt16(truncatingIfNeeded: offset &- start), at: start &- 2)
        return offset
    }

    /// The code must fit; the text is for people and may stay away.
    private func storeError(
        _ errorCode: UInt16, at offset: Int, limit: Int, into response: inout MutableSpan<UInt8>
    ) -> Int {
        let data = offset &+ EDNS.optionHeaderLength
        guard data &+ 2 <= limit else { return offset }
        let text = data &+ 2 &+ errorLength <= limit ? errorLength : 0
        Self.storeHeader(EDNSOption.extendedError, 2 &+ text, at: offset, into: &response)
        response.store(errorCode, at: data)
        response.copy(errorText, 0..<text, at: data &+ 2)
        return data &+ 2 &+ text
    }

    private static func storeHeader(
        _ code: UInt16, _ length: Int, at offset: Int, into response: inout MutableSpan<UInt8>
    ) {
        response.store(code, at: offset)
        response.store(UInt16(truncatingIfNeeded: length), at: offset &+ 2)
    }
}
