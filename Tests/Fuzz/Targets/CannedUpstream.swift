import DNS

/// Answers of an upstream that bring the server to each of its ways of composing a response.
enum CannedUpstream {
    static let kinds = 12

    /// Answers `query` in one of the ways; nil for silence.
    static func answer(_ query: [UInt8], _ kind: UInt8, _ transport: ClientTransport) -> [UInt8]? {
        var reply = Reply(to: query)
        let name = reply.name
        switch Int(kind) % kinds {
        case 0: reply.add(name, .a, "203.0.113.10")
        case 1:
            reply.add(name, .cname, "app.home.example.")
            reply.add("app.home.example.", .a, "203.0.113.11")
        case 2:
            reply.add(name, .https, "1 . alpn=h3,h2 ipv4hint=203.0.113.10 ech=AQID")
            reply.add(name, .https, "2 app.home.example. alpn=h2")
            reply.add("app.home.example.", .a, "203.0.113.11", section: .additional)
        case 3:
            reply.rcode = 3
            reply.addSOA()
        case 4: reply.addSOA()
        case 5:
            for index in 0..<20 {
                reply.add(name, .txt, "\"\(index) \(FuzzZones.filler(150))\"")
            }
        case 6: reply.rcode = 2
        case 7:
            reply.add(name, .cname, "a.example.net.")
            reply.add("a.example.net.", .cname, "b.example.net.")
            reply.rcode = 3
            reply.addSOA()
        case 8:
            reply.isTruncated = transport == .udp
            reply.add(name, .aaaa, "2001:db8::1")
        case 9:
            reply.add(name, .mx, "10 app.home.example.")
            reply.add("app.home.example.", .aaaa, "2001:db8::2", section: .additional)
            reply.add("example.", .ns, "ns.example.net.", section: .authority)
        case 10: return nil
        default: reply.add(name, .cname, "www.corp.example.")
        }
        return reply.octets
    }
}

/// A response in the making; the question is that of a query that the server wrote.
private struct Reply {
    private let query: [UInt8]
    private let questionEnd: Int
    private var records: [UInt8] = []
    private var counts: [StrictMessage.Section: UInt16] = [:]
    let name: String
    var rcode: UInt16 = 0
    var isTruncated = false

    init(to query: [UInt8]) {
        self.query = query
        var reader = MessageReader(query.span, at: Header.length)
        name = (try? reader.readQuestion())?.name.description ?? "."
        questionEnd = reader.offset
    }

    mutating func add(
        _ owner: String, _ type: RRType, _ text: String, section: StrictMessage.Section = .answer
    ) {
        guard let rdata = try? RData.parse(text, type: type) else {
            preconditionFailure("\(type) \(text)")
        }
        records += FuzzZones.wire(owner).octets
        for value in [type.rawValue, 1, 0, 300, UInt16(rdata.count)] {
            records += [UInt8(value >> 8), UInt8(value & 0xff)]
        }
        records += rdata
        counts[section, default: 0] += 1
    }

    mutating func addSOA() {
        add(".", .soa, "ns. hostmaster. 1 3600 600 86400 900", section: .authority)
    }

    var octets: [UInt8] {
        let flags: UInt16 = 0x8180 | rcode | (isTruncated ? 0x0200 : 0)
        var octets = Array(query[..<2])
        func append(_ value: UInt16) { octets += [UInt8(value >> 8), UInt8(value & 0xff)] }
        append(flags)
        append(1)
        for section in [StrictMessage.Section.answer, .authority, .additional] {
            append(counts[section] ?? 0)
        }
        octets += query[Header.length..<questionEnd]
        return octets + records
    }
}
