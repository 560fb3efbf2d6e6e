import Admin

/// The head of a request to the admin pages, as far as it is read before any rule of access is asked.
func fuzzRequestHead(_ input: [UInt8]) throws(Finding) {
    let length: Int
    do {
        length = try RequestHead(input).bodyLength(atMost: 4_096)
    } catch {
        try require((400...599).contains(error.status) && !error.text.isEmpty, "no reason")
        return
    }
    try require((0...4_096).contains(length), "a body of \(length) octets")
    try require(
        input.allSatisfy { $0 >= 0x20 && $0 != 0x7f || [0x09, 0x0a, 0x0d].contains($0) },
        "a control character in a head that was taken: \(hexadecimal(input))")
}
