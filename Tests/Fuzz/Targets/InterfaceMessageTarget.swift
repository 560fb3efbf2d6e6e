import DNS
import Nameserver
import Transport

/// A datagram of the kernel's about its interfaces, and the networks in it.
func fuzzInterfaceMessage(_ input: [UInt8]) throws(Finding) {
    let messages = InterfaceMessage.all(in: input.span)
    // Each has a header of 16 octets, and what is not whole is said once.
    try require(messages.count <= input.count / 16 + 1, "\(messages.count) messages")
    for case .networks(_, let networks) in messages {
        for network in networks {
            let prefix = AddressPrefix(containing: network.address, length: network.length)
            try require(prefix?.contains(network.address) ?? true, "\(network) is not in itself")
        }
    }
}
