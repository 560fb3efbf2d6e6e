/// Clients of a view that the host's interfaces tell, as its configuration names them.
package enum FollowedClients: Hashable, Sendable {
    /// The networks of the interface of this name.
    case interface(String)
    /// The networks of all interfaces, but for those that another view names.
    case onLink
}

/// An interface of the host and the networks that its addresses are in.
package struct InterfaceNetworks: Equatable, Sendable {
    package let name: String
    package let prefixes: [AddressPrefix]

    package init(name: String, prefixes: [AddressPrefix]) {
        self.name = name
        self.prefixes = prefixes
    }
}
