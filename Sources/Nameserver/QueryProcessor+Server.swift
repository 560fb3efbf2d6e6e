import DNS

/// What is asked of the server itself, not of a zone or an upstream: options of EDNS, names in class
/// CH, changes of zones.
extension QueryProcessor {
    /// Makes the response's OPT record ready, and leaves room for it. False when an option of the
    /// query is malformed.
    @inline(__always)
    func makeReady(
        _ query: inout Query, _ message: Span<UInt8>, _ client: IPAddress,
        _ transport: ClientTransport, _ server: ServerDescription
    ) -> Bool {
        guard let edns = query.edns else { return true }
        return makeReady(&query, edns, message, client, transport, server)
    }

    private func makeReady(
        _ query: inout Query, _ edns: EDNS, _ message: Span<UInt8>, _ client: IPAddress,
        _ transport: ClientTransport, _ server: ServerDescription
    ) -> Bool {
        options.begin(dnssecOK: edns.dnssecOK)
        query.reserve(EDNS.emptyLength)
        guard !edns.options.isEmpty else { return true }
        guard let requested = try? edns.requestedOptions(in: message) else { return false }
        if let option = requested.cookie, let secrets = server.cookies {
            let verdict = cookies.verdict(
                message.extracting(option), from: client, secrets, time: unixTime)
            switch verdict {
            case .malformed: return false
            case .unknown(let clientCookie, let isStale):
                // RFC 7873 §5.2.3 and §5.2.4: answered as one without a cookie, and taught one.
                if isStale { counters.staleCookies &+= 1 }
                options.add(
                    cookie: cookies.make(clientCookie, client, secrets, time: unixTime),
                    client: clientCookie)
            case .proven(let clientCookie, let renewed):
                options.add(cookie: renewed, client: clientCookie, isProof: true)
            }
        }
        if requested.nsid, !server.nsid.isEmpty { options.add(nsid: server.nsid) }
        if let option = requested.tcpKeepalive, transport == .tcp {
            // RFC 7828 §3.2.1: a client sends no timeout. Over UDP the option means nothing (§3.2.2).
            guard option.isEmpty else { return false }
            options.add(keepalive: server.tcpKeepalive)
        }
        query.reserve(options.reservedLength)
        return true
    }

    /// FORMERR for an option that passes the end of its record, or whose data no client may send
    /// (RFC 7873 §5.2.2, RFC 7828 §3.2.1).
    func refuseOption(
        _ query: Query, _ message: Span<UInt8>, into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        lastSource = .error
        options.set(.malformedOption)
        return .respond(
            DirectResponse.error(
                .formatError, message, question: query.question, into: &response))
    }

    /// A message without a question that asks for a cookie: NOERROR, or BADCOOKIE when it brings one
    /// that is not ours (RFC 7873 §5.4). FORMERR where no cookies are made. A client in no view is refused,
    /// since a cookie is longer than the request for it.
    func answerCookieRequest(
        _ query: Query, _ message: Span<UInt8>, _ client: IPAddress,
        _ transport: ClientTransport, _ snapshot: Snapshot,
        into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        var query = query
        let stale = counters.staleCookies
        var rcode = RCode.formatError
        let isReady = makeReady(&query, message, client, transport, snapshot.server)
        if isReady, snapshot.viewIndex(for: client) == nil {
            lastSource = .refused
            rcode = .refused
        } else if isReady, snapshot.server.cookies != nil {
            rcode = counters.staleCookies == stale ? .noError : .badCookie
        } else {
            lastSource = .error
        }
        let end = DirectResponse.error(rcode, message, question: nil, into: &response)
        if rcode != .noError { keepShort(message, at: end, over: transport) }
        return .respond(
            options.write(into: &response, at: end, limit: query.messageLimit, rcode: rcode))
    }

    /// NOTAUTH with BADKEY, unsigned, to a signature of whatever key: none is known here
    /// (RFC 8945 §5.2.1, §5.3.2). FORMERR when the signature cannot be read.
    func refuseSignature(
        _ signature: ResourceRecord, _ message: Span<UInt8>, _ question: Range<Int>,
        _ edns: EDNS?, _ transport: ClientTransport, into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        let rdata = try? Self.badKey(signature, message)
        // Nothing here proves the client's address.
        let limit = min(
            Query.messageLimit(edns, transport), transport == .udp ? message.count : .max)
        if let edns { options.begin(dnssecOK: edns.dnssecOK) }
        let rcode = rdata == nil ? RCode.formatError : .notAuthoritative
        var end = DirectResponse.error(rcode, message, question: question, into: &response)
        end = options.write(into: &response, at: end, limit: limit)
        guard let rdata,
            let key = try? MessageReader.name(in: message, at: signature.ownerOffset)
        else { return .respond(end) }
        var record = key.octets
        for value in [RRType.tsig.rawValue, RRClass.any, 0, 0, UInt16(rdata.count)] {
            record += [UInt8(value >> 8), UInt8(value & 0xff)]
        }
        record += rdata
        // Only names over half of what there may be, or compressed ones, do not fit: TCP has room for
        // them.
        guard end + record.count <= limit else {
            let flags = response.span.uint16(at: 2)
            response.store(flags | Header.Flag.truncated, at: 2)
            return .respond(end)
        }
        response.copy(record.span, at: end)
        let additional = response.span.uint16(at: 10)
        response.store(additional &+ 1, at: 10)
        return .respond(end + record.count)
    }

    /// RDATA of the TSIG that answers one of an unknown key: its algorithm, time and fudge, no MAC,
    /// the message's ID, error 17, nothing else (RFC 8945 §4.2).
    private static func badKey(
        _ signature: ResourceRecord, _ message: Span<UInt8>
    ) throws(MessageError) -> [UInt8] {
        var reader = MessageReader(
            message.extracting(0..<signature.rdata.upperBound), at: signature.rdata.lowerBound)
        let algorithm = try reader.readName()
        let times = reader.offset..<reader.offset &+ 8
        try reader.skip(8)
        return algorithm.octets + message.array(times) + [0, 0] + message.array(0..<2)
            + [0, 17, 0, 0]
    }

    /// What a NOTIFY or UPDATE is told: a server that has the zone takes no changes from others
    /// (RFC 2136 §3.3), one that has not says so (RFC 2136 §3.1.2, and as usual for RFC 1996).
    func refuseChange(
        _ query: Query, _ message: Span<UInt8>, _ view: View?,
        into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        lastSource = .refused
        let (rcode, reason) = changeRefusal(query, view)
        options.set(reason)
        return .respond(
            DirectResponse.error(rcode, message, question: query.question, into: &response))
    }

    private func changeRefusal(_ query: Query, _ view: View?) -> (RCode, ExtendedErrorOption) {
        guard let view else { return (.refused, .outsideEveryView) }
        // RFC 2136 §3.1.1.
        guard query.opcode != Opcode.update || query.type == .soa else {
            return (.formatError, .notOfTypeSOA)
        }
        guard query.rrClass == RRClass.internet, view.isAuthoritative(for: name) else {
            return (.notAuthoritative, .notTheZone)
        }
        return (.refused, .noChanges)
    }

    /// Class CH: the server's version and identifier, where they are configured (RFC 4892 §3), and the
    /// digest of its configuration.
    func answerChaos(
        _ query: Query, _ message: Span<UInt8>, _ server: ServerDescription,
        into response: inout MutableSpan<UInt8>
    ) -> Disposition {
        guard query.rrClass == RRClass.chaos else {
            return refuse(query, message, .onlyInternet, into: &response)
        }
        let text: String? =
            switch "\(Self.spelledName(query, message))".lowercased() {
            case "version.bind.", "version.server.": server.version
            case "id.server.", "hostname.bind.": server.id
            case "digest.server.": server.digest
            default: nil
            }
        guard let text, Self.refusal(of: query.type) == nil else {
            return refuse(query, message, .notIdentified, into: &response)
        }
        let name = Self.spelledName(query, message)
        var composer = ResponseComposer(
            query, name: name, into: response._mutatingExtracting(...))
        if query.type == .txt || query.type == .any {
            let octets = Array(text.utf8.prefix(ServerDescription.maximumTextLength))
            let rdata = [UInt8(octets.count)] + octets
            composer.append(
                owner: name, type: .txt, rrClass: RRClass.chaos, ttl: 0, rdata: rdata.span)
        }
        return .respond(composer.finish(.noError, flags: Header.Flag.authoritativeAnswer))
    }
}

/// What clients are told about refusals (RFC 8914).
extension ExtendedErrorOption {
    static let outsideEveryView = ExtendedErrorOption(
        ExtendedError.prohibited, "client is in no view")
    static let onlyInternet = ExtendedErrorOption(
        ExtendedError.notSupported, "only class IN is served")
    static let notIdentified = ExtendedErrorOption(
        ExtendedError.notSupported, "not in the configuration's identity")
    static let noForwardRule = ExtendedErrorOption(
        ExtendedError.notAuthoritative, "no zone or forward rule for this name")
    static let noTransfers = ExtendedErrorOption(
        ExtendedError.prohibited, "zones are not transferred")
    static let notTheZone = ExtendedErrorOption(
        ExtendedError.notAuthoritative, "not the server of this zone")
    static let notOfTypeSOA = ExtendedErrorOption(
        ExtendedError.other, "the zone of an update is of type SOA")
    static let noChanges = ExtendedErrorOption(
        ExtendedError.prohibited, "zones are changed by their files alone")
    static let malformedOption = ExtendedErrorOption(
        ExtendedError.other, "EDNS option of a wrong length")
    static let guardedBypass = ExtendedErrorOption(
        ExtendedError.filtered, "a way around this server (bypass-guard)")
    static let privateAddressesRemoved = ExtendedErrorOption(
        ExtendedError.filtered, "private addresses removed (rebind-protection)")
    static let foreignBindings = ExtendedErrorOption(
        ExtendedError.filtered, "service bindings to a name of this site removed")
    static let someForeignBindings = ExtendedErrorOption(
        ExtendedError.forgedAnswer, "service bindings to a name of this site removed")
    static let cutAnswer = ExtendedErrorOption(
        ExtendedError.networkError, "the upstream cut its answer and has no TCP")

    /// A type that no question may have.
    static func noData(_ type: RRType) -> ExtendedErrorOption {
        ExtendedErrorOption(ExtendedError.notSupported, "\(type) cannot be asked for")
    }
}
