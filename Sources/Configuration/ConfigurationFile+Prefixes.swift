import DNS
import Nameserver

extension ConfigurationFile {
    /// The block of `ADDRESS/LENGTH` or of an address alone; nil after a report, which says with
    /// `expected` what belongs here.
    func prefix(_ scalar: YAMLScalar, expected: String) -> AddressPrefix? {
        let parts = scalar.text.split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else {
            error(scalar.mark, "bad address \(scalar.text.quoted)", expected: expected)
            return nil
        }
        let maximum = address.isIPv4 ? 32 : 128
        var length = maximum
        if parts.count > 1 {
            // A length of up to 96 covers more than the IPv4-mapped addresses.
            let isMapped = address.isIPv4 && parts[0].contains(":")
            guard let number = Int(decimal: parts[1]) else {
                return badLength(scalar, maximum)
            }
            length = isMapped ? number - 96 : number
        }
        do {
            return try AddressPrefix(address, length: length)
        } catch {
            guard case .hostBits(let network) = error else { return badLength(scalar, maximum) }
            self.error(
                scalar.mark, "\(scalar.text.quoted) has host bits set",
                expected: "the first address of the network", suggestion: "\(network)".quoted)
            return nil
        }
    }

    private func badLength(_ scalar: YAMLScalar, _ maximum: Int) -> AddressPrefix? {
        error(
            scalar.mark, "bad prefix length in \(scalar.text.quoted)",
            expected: "a length from 0 to \(maximum)")
        return nil
    }
}
