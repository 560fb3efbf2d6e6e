import DNS

/// Arbitrary octets as the upstream's reply. The first octet chooses the question, the second the client
/// and how much of the reply is given: its first octets may be left to the target, so that it is
/// always taken for the answer.
func fuzzUpstreamResponse(_ input: [UInt8]) throws(Finding) {
    var choices = Choices(input)
    let question = choices.pick(upstreamQuestions)
    let options = choices.octet()
    let client = FuzzZones.clients[Int(options & 1)]
    let rest = Array(choices.rest)
    let site = FuzzSite(FuzzZones.snapshot)
    func upstream(_ query: [UInt8], _ transport: ClientTransport) -> [UInt8]? {
        options & 2 == 0 ? rest : reply(to: query, rest)
    }
    let query = question.query(size: options & 4 == 0 ? nil : 1232, dnssecOK: options & 8 != 0)
    let first = try site.ask(
        query, from: client, over: options & 16 == 0 ? .udp : .tcp, upstream: upstream)
    // What failed is asked upstream each time anew, which shows nothing new and takes long.
    if let first, RCode(rawValue: UInt16(first[3] & 15)) == .serverFailure, options & 32 == 0 {
        return
    }
    site.advance(seconds: 2)
    // From the cache, for each size and view.
    for (size, dnssecOK) in [(UInt16?.none, false), (1232, false), (600, true)] {
        let query = question.query(size: size, dnssecOK: dnssecOK)
        for other in FuzzZones.clients[..<2] {
            try site.ask(query, from: other, over: .udp, upstream: upstream)
        }
        try site.ask(query, from: client, over: .tcp, upstream: upstream)
    }
}

/// A reply with the query's ID and question: flags, counts and records are the input's.
private func reply(to query: [UInt8], _ rest: [UInt8]) -> [UInt8] {
    guard rest.count >= 5, let message = try? StrictMessage(query) else { return rest }
    let flags = [rest[0] & 0x06 | 0x80, rest[1]]
    let counts = [0, 1, 0, rest[2], 0, rest[3], 0, rest[4]]
    return query[..<2] + flags + counts + query[12..<message.questionEnd] + rest[5...]
}

struct AskedQuestion {
    let name: DomainName
    let type: RRType

    init(_ name: String, _ type: RRType) {
        self.name = FuzzZones.wire(name)
        self.type = type
    }

    func query(size: UInt16?, dnssecOK: Bool) -> [UInt8] {
        var octets: [UInt8] = [0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, size == nil ? 0 : 1]
        octets += name.octets + [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xff), 0, 1]
        guard let size else { return octets }
        return octets
            + [0, 0, 41, UInt8(size >> 8), UInt8(size & 0xff), 0, 0, dnssecOK ? 0x80 : 0, 0, 0, 0]
    }
}

let upstreamQuestions = [
    AskedQuestion("www.example.net", .a), AskedQuestion("www.example.net", .https),
    AskedQuestion("www.example.net", .aaaa), AskedQuestion("example.net", .mx),
    AskedQuestion("www.kept.example", .svcb), AskedQuestion("mail.home.example", .a),
    AskedQuestion("_acme-challenge.app.home.example", .txt),
    AskedQuestion("outside.home.example", .a), AskedQuestion("flat.home.example", .a),
    AskedQuestion("away.corp.example", .https), AskedQuestion("example.net", .soa),
    AskedQuestion("example.net", .srv), AskedQuestion("example.net", .naptr),
    AskedQuestion("_dns.example.net", .svcb), AskedQuestion("example", .ns),
    AskedQuestion("1.2.0.192.in-addr.arpa", .ptr), AskedQuestion("example.net", .cname),
]
