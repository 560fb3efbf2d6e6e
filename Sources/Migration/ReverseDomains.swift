import DNS
import Nameserver

/// The domains of a network's addresses.
enum ReverseDomains {
    /// Those of `ADDRESS[/LENGTH]`: several when the network ends within an octet, or for IPv6 a
    /// digit. nil for what is no network.
    static func of(_ text: String) -> [DomainName]? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let maximum = address.isIPv4 ? 32 : 128
        guard let length = parts.count > 1 ? Int(decimal: parts[1]) : maximum,
            (1...maximum).contains(length)
        else { return nil }
        let bits = address.isIPv4 ? 8 : 4
        let radix = address.isIPv4 ? 10 : 16
        let count = (length + bits - 1) / bits
        let labels = address.reverseName.labels.suffix(count + 2)
        let free = count * bits - length
        guard let last = labels.first,
            let value = Int(String(decoding: last, as: UTF8.self), radix: radix)
        else { return nil }
        let start = (value >> free) << free
        return (start..<(start + (1 << free))).compactMap { number in
            DomainName(
                labels: [Array(String(number, radix: radix).utf8)]
                    + labels.dropFirst().map(Array.init))
        }
    }
}
