import DNS

/// An address that can be compared with others of its family.
struct OrderedAddress: Comparable {
    private let octets: [UInt8]

    init(_ address: IPAddress) { octets = address.octets }

    private init(octets: [UInt8]) { self.octets = octets }

    static func < (left: OrderedAddress, right: OrderedAddress) -> Bool {
        guard left.octets.count == right.octets.count else {
            return left.octets.count < right.octets.count
        }
        return left.octets.lexicographicallyPrecedes(right.octets)
    }

    /// The addresses of `NETWORK/LENGTH`, or from `FIRST` to `LAST`; nil for what is neither.
    static func range(_ parts: ArraySlice<String>) -> ClosedRange<OrderedAddress>? {
        guard let text = parts.first else { return nil }
        let halves = text.split(separator: "/", maxSplits: 1)
        guard let first = halves.first.flatMap({ IPAddress($0) }) else { return nil }
        if halves.count == 2 {
            guard let length = Int(halves[1]), (0...first.octets.count * 8).contains(length) else {
                return nil
            }
            func filled(_ octet: UInt8, _ index: Int, with bit: UInt8) -> UInt8 {
                let mask = UInt8(truncatingIfNeeded: 0xff00 >> max(0, min(8, length - index * 8)))
                return bit == 0 ? octet & mask : octet | ~mask
            }
            let low = first.octets.enumerated().map { filled($0.element, $0.offset, with: 0) }
            let high = first.octets.enumerated().map { filled($0.element, $0.offset, with: 1) }
            return OrderedAddress(octets: low)...OrderedAddress(octets: high)
        }
        let last = parts.dropFirst().first.flatMap { IPAddress($0) } ?? first
        let (low, high) = (OrderedAddress(first), OrderedAddress(last))
        return low.octets.count == high.octets.count && low <= high ? low...high : nil
    }
}
