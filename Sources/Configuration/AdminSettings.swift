package import DNS

/// The setting `admin`: where the admin pages are, and who may see them.
package struct AdminSettings: Equatable, Sendable {
    package static let defaultPort: UInt16 = 8053
    /// Shorter tokens could be guessed.
    package static let minimumTokenLength = 16
    /// Far more than a token needs; a larger file is most likely another one.
    static let maximumTokenFileSize = 4_096
    /// Each has a socket and a task of its own, so these are kept few.
    static let maximumAddresses = 16
    static let key = "admin"

    package enum Address: Hashable, Sendable {
        case ip(ListenAddress)
        case unix(String)

        /// Whether only this host can connect.
        package var isLocal: Bool {
            switch self {
            case .ip(let listen): listen.address.isLoopback
            case .unix: true
            }
        }
    }

    /// None when the setting is `off`.
    package var listen: [Address] = [
        .ip(ListenAddress(.v4(0x7f00_0001), port: AdminSettings.defaultPort))
    ]
    /// Whether nobody has named the addresses, so that one that cannot be had is no mistake.
    package var isDefault = true
    /// What the file of tokens says; nil without one.
    package var token: String?
    /// Names of this host under which browsers may ask.
    package var hosts: [DomainName] = []
    /// Whether metrics have CoreDNS's names, too.
    package var hasCoreDNSNames = false

    package init() {}
}

extension AdminSettings.Address: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ip(let listen): "\(listen)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
