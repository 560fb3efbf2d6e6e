import DNS

/// The octets of hexadecimal digits, blanks and line ends ignored; for vectors in tests.
func octets(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    precondition(digits.count.isMultiple(of: 2))
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// What `body` writes into a message of at most `limit` octets.
func written(limit: Int = 4096, _ body: (inout MessageWriter) throws -> Void) rethrows -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var count = 0
    do {
        var writer = MessageWriter(buffer.mutableSpan, limit: limit)
        try body(&writer)
        count = writer.count
    }
    return Array(buffer.prefix(count))
}
