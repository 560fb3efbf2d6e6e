package import DNS

/// A block of addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3).
package struct AddressPrefix: Hashable, Sendable {
    /// The first address of the block; its host bits are zero.
    package let address: IPAddress
    /// How many leading bits the block's addresses share: 0 to 32, or 0 to 128.
    package let length: Int

    /// Why an address and a length are not a prefix.
    package enum Invalid: Error, Equatable, Sendable {
        case length(maximum: Int)
        /// Bits after the prefix are set; `network` is the block that was probably meant.
        case hostBits(network: AddressPrefix)
    }

    package init(_ address: IPAddress, length: Int) throws(Invalid) {
        let maximum = address.isIPv4 ? 32 : 128
        guard (0...maximum).contains(length) else { throw .length(maximum: maximum) }
        let network = Self.network(of: address, length: length)
        guard network == address else {
            throw .hostBits(network: AddressPrefix(uncheckedAddress: network, length: length))
        }
        self.init(uncheckedAddress: address, length: length)
    }

    /// The block of this length that `address` is in; nil when no address has so many bits.
    package init?(containing address: IPAddress, length: Int) {
        guard (0...(address.isIPv4 ? 32 : 128)).contains(length) else { return nil }
        self.init(uncheckedAddress: Self.network(of: address, length: length), length: length)
    }

    private init(uncheckedAddress address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.isIPv4 == address.isIPv4 && Self.network(of: other, length: length) == address
    }

    /// Whether the block is larger than any that one owner has: those of IPv4 are at most a /8, and of IPv6
    /// a /16, but for fc00::/7, in which everyone's own addresses are (RFC 4193 §3.1), and fe80::/10, in
    /// which those of a link are (RFC 4291 §2.5.6).
    package var isOfAnybody: Bool {
        switch address {
        case .v4: length < 8
        case .v6(let high, _):
            switch high >> 48 {
            case 0xfc00...0xfdff: length < 7
            case 0xfe80...0xfebf: length < 10
            default: length < 16
            }
        }
    }

    private static func network(of address: IPAddress, length: Int) -> IPAddress {
        switch address {
        case .v4(let bits):
            .v4(length == 0 ? 0 : bits & (UInt32.max << UInt32(32 - length)))
        case .v6(let high, let low):
            // Swift's shift by 64 or more gives 0, as wanted here.
            .v6(
                high & (UInt64.max << UInt64(max(0, 64 - length))),
                length <= 64 ? 0 : low & (UInt64.max << UInt64(128 - length)))
        }
    }
}

extension AddressPrefix: CustomStringConvertible {
    package var description: String { "\(address)/\(length)" }
}
