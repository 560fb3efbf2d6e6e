import DNS

/// Queries, made beforehand and in one piece, so that going through them costs neither allocation nor
/// reference counting. They are so many that their names lie all over a large zone.
struct Questions {
    static let count = 4096
    static let apex = name("lab.example")

    private var octets: [UInt8] = []
    private var bounds: [Range<Int>] = []

    /// Queries for the addresses of the names that `name` gives for numbers, as a stub resolver sends
    /// them.
    init(edns: Bool = false, count: Int = Self.count, name: (Int) -> String) {
        for number in 0..<count {
            let message = Self.message(Self.name(name(number)), edns: edns)
            bounds.append(octets.count..<octets.count + message.count)
            octets += message
        }
    }

    /// Where a query's name stands in it.
    static let nameOffset = Header.length

    /// Calls `body` with one query after the other, and again from the start, and counts how often it
    /// says yes.
    @inline(__always)
    func count(_ times: Int, where body: (Span<UInt8>) -> Bool) -> Int {
        let all = octets.span
        let bounds = bounds.span
        var count = 0
        var index = 0
        for _ in 0..<times {
            if body(all.extracting(bounds[index])) { count += 1 }
            index = index + 1 < bounds.count ? index + 1 : 0
        }
        return count
    }

    static func name(_ text: String) -> DomainName {
        guard let name = try? DomainName(text) else { preconditionFailure("a name: \(text)") }
        return name
    }

    static func message(_ name: DomainName, edns: Bool = false) -> [UInt8] {
        let head: [UInt8] = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns ? 1 : 0]
        // An OPT record that takes 1,232 octets.
        let opt: [UInt8] = edns ? [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0] : []
        return head + name.octets + [0, 1, 0, 1] + opt
    }

    /// A number from `0..<bound` that looks random and is the same in every run.
    static func scattered(_ number: Int, below bound: Int) -> Int {
        Int((UInt64(number) &* 0x9e37_79b9_7f4a_7c15) >> 20) % bound
    }
}
