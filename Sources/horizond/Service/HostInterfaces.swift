import Nameserver
import Transport

/// The networks of the host's interfaces at one moment.
struct HostInterfaces: Sendable {
    /// nil where the kernel or a sandbox does not tell.
    let known: [InterfaceNetworks]?
    /// Why they are not known.
    let failure: String?

    var networks: [InterfaceNetworks] { known ?? [] }

    init() {
        do {
            known = [InterfaceNetworks](try InterfaceMonitor().interfaces)
            failure = nil
        } catch {
            known = nil
            failure = Self.failure(error)
        }
    }

    /// What is said where they are needed.
    static func failure(_ error: TransportError) -> String {
        "the networks of interfaces are not known, so that they are no view's clients: \(error); the "
            + "service needs AF_NETLINK in RestrictAddressFamilies="
    }
}

extension [InterfaceNetworks] {
    init(_ interfaces: [NetworkInterface]) {
        self = interfaces.map { interface in
            var prefixes: [AddressPrefix] = []
            for network in interface.networks {
                let prefix = AddressPrefix(containing: network.address, length: network.length)
                // In most IPv6 networks an interface has several addresses.
                if let prefix, !prefixes.contains(prefix) { prefixes.append(prefix) }
            }
            return InterfaceNetworks(name: interface.name, prefixes: prefixes)
        }
    }
}
