package import DNS

/// An interface of the host, and the networks that it is in.
package struct NetworkInterface: Equatable, Sendable {
    package let name: String
    /// Each once, IPv4 first.
    package let networks: [Network]

    /// The block of addresses that `address` is in.
    package struct Network: Hashable, Sendable {
        package let address: IPAddress
        /// The bits of the prefix: 0 to 32, or 0 to 128.
        package let length: Int
    }
}
