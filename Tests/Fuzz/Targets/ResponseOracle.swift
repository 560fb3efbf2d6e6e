import DNS

/// What every response must be, whatever was asked.
enum ResponseOracle {
    /// Checks a response to `query`, which `transport` carries. `response` is nil when there is none.
    static func check(
        _ response: [UInt8]?, to query: [UInt8], over transport: ClientTransport
    ) throws(Finding) {
        let isAnswerable = query.count >= 12 && query[2] & 0x80 == 0
        guard let response else {
            return try require(!isAnswerable, "no response to \(hexadecimal(query))")
        }
        do {
            try require(isAnswerable, "a response to what is no query")
            try check(try StrictMessage(response), to: query, transport)
        } catch {
            throw Finding(
                "\(error), in \(hexadecimal(response)) to \(hexadecimal(query)) over \(transport)")
        }
    }

    private static func check(
        _ response: StrictMessage, to query: [UInt8], _ transport: ClientTransport
    ) throws(Finding) {
        try require(response.isResponse, "QR is not set")
        try require(Array(response.octets[..<2]) == Array(query[..<2]), "another ID")
        try require(response.opcode == Int(query[2] >> 3 & 15), "another opcode")
        try require(!response.isTruncated || transport == .udp, "TC over TCP")
        let asked = Asked(query)
        if response.questionCount == 1 {
            try require(
                response.octets[12..<response.questionEnd] == asked.question, "another question")
        } else {
            try require(
                response.rcode != 0 || asked.questionCount != 1, "no question in a response")
            try require(response.records.allSatisfy { $0.type == 41 }, "records for no question")
        }
        try require(response.options.count <= (asked.hasOPT ? 1 : 0), "an OPT record too many")
        // RFC 6891 §6.1.1; errors in the message or its opcode may come without.
        try require(
            !asked.hasOPT || response.options.count == 1 || [1, 4].contains(response.rcode),
            "no OPT record")
        let limit = transport == .tcp ? 65_535 : asked.datagramLimit
        try require(response.octets.count <= limit, "\(response.octets.count) octets, not \(limit)")
    }
}

/// What a query asks for, as far as it can be read.
private struct Asked {
    let questionCount: Int
    private(set) var question: ArraySlice<UInt8> = []
    private(set) var hasOPT = false
    /// RFC 1035 §4.2.1 and RFC 6891 §6.2.5, bounded by what the server ever sends.
    private(set) var datagramLimit = 512

    init(_ query: [UInt8]) {
        func number(_ offset: Int) -> Int { Int(query[offset]) << 8 | Int(query[offset + 1]) }
        questionCount = number(4)
        var offset = 12
        if questionCount > 0 {
            guard questionCount == 1, let nameEnd = Self.skipName(query, 12),
                nameEnd + 4 <= query.count
            else { return }
            question = query[12..<nameEnd + 4]
            offset = nameEnd + 4
        }
        for _ in 0..<number(6) + number(8) + number(10) {
            guard let end = Self.skipName(query, offset), end + 10 <= query.count else { return }
            if number(end) == 41 {
                hasOPT = true
                datagramLimit = min(max(512, number(end + 2)), 1232)
            }
            offset = end + 10 + number(end + 8)
            guard offset <= query.count else { return }
        }
    }

    private static func skipName(_ query: [UInt8], _ start: Int) -> Int? {
        var offset = start
        while offset < query.count {
            switch query[offset] {
            case 0: return offset + 1
            case 1...63: offset += 1 + Int(query[offset])
            case 0xc0...: return offset + 2
            default: return nil
            }
        }
        return nil
    }
}
