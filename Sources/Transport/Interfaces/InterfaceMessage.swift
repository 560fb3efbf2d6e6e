internal import CSockets
internal import DNS

/// What the kernel says of its interfaces in one message of rtnetlink(7), which RFC 3549 §3 describes.
package enum InterfaceMessage: Equatable {
    /// An answer: an interface is there, by this name.
    case link(index: UInt32, name: String)
    /// An answer: an address or a route puts an interface into these networks.
    case networks(index: UInt32, [NetworkInterface.Network])
    /// All that was asked for has been told.
    case end
    /// What was asked for was refused, with an errno.
    case refused(Int32)
    /// The answer is not whole, or not as it was at one moment.
    case disturbed
    /// Unasked: something changed. What it is the answers tell alone, since one message may mean the
    /// end of what it does not name, as that of a replaced route does.
    case changed
}

/// Numbers are in the host's octet order; messages and attributes begin at multiples of four octets.
/// Every length is held against what is there.
extension InterfaceMessage {
    private static let headerLength = 16

    /// The messages of one datagram, but for those that say nothing of use here. That the answer is
    /// disturbed comes first: its end may be in the same datagram.
    package static func all(in octets: Span<UInt8>) -> [InterfaceMessage] {
        var messages: [InterfaceMessage] = []
        var isWhole = true
        var offset = 0
        while offset < octets.count {
            let left = octets.count - offset
            let length = left < headerLength ? 0 : Int(octets.hostUInt32(at: offset))
            guard length >= headerLength, length <= left else {
                isWhole = false
                break
            }
            let flags = octets.hostUInt16(at: offset + 6)
            // Any message of an answer may say so, and then the whole is meant.
            if flags & hs_netlink_interrupted != 0 { isWhole = false }
            let body = octets.extracting(offset + headerLength..<offset + length)
            if let message = message(octets.hostUInt16(at: offset + 4), flags, body) {
                messages.append(message)
            }
            offset += aligned(length)
        }
        return isWhole ? messages : [.disturbed] + messages
    }

    private static func message(
        _ type: UInt16, _ flags: UInt16, _ body: Span<UInt8>
    ) -> InterfaceMessage? {
        switch type {
        case hs_netlink_done: return .end
        case hs_netlink_error:
            // The errno is negated; 0 is an acknowledgement, which nobody asked for.
            guard body.count >= 4, body.hostUInt32(at: 0) != 0 else { return nil }
            return .refused(0 &- Int32(bitPattern: body.hostUInt32(at: 0)))
        // Only answers are in parts. The kernel tells unasked what is new or gone, and of overruns.
        case _ where flags & hs_netlink_multipart == 0: return .changed
        case hs_new_link: return link(body)
        case hs_new_address: return address(body)
        case hs_new_route: return route(body)
        default: return nil
        }
    }

    /// `struct ifinfomsg`: family, type, index, flags.
    private static func link(_ body: Span<UInt8>) -> InterfaceMessage? {
        guard body.count >= 16 else { return nil }
        guard let range = attributes(body, from: 16)[hs_link_name] else { return nil }
        let name = body.array(range).prefix { $0 != 0 }
        return .link(index: body.hostUInt32(at: 4), name: String(decoding: name, as: UTF8.self))
    }

    /// `struct ifaddrmsg`: family, length of the prefix, flags, scope, index. An address that is
    /// tentative or deprecated says as well as others which network is here.
    /// On a point-to-point link the prefix is that of the peer's address, and the own one is one more.
    private static func address(_ body: Span<UInt8>) -> InterfaceMessage? {
        guard body.count >= 8 else { return nil }
        let attributes = attributes(body, from: 8)
        let local = attributes[hs_address_local].flatMap { IPAddress(body.extracting($0)) }
        let address = attributes[hs_address_address].flatMap { IPAddress(body.extracting($0)) }
        guard let own = local ?? address else { return nil }
        var networks = [NetworkInterface.Network(address: address ?? own, length: Int(body[1]))]
        if let address, address != own {
            networks.append(.init(address: own, length: own.octets.count * 8))
        }
        return .networks(index: body.hostUInt32(at: 4), networks)
    }

    /// `struct rtmsg`: family, length of the destination, that of the source, TOS, table, protocol, scope,
    /// type, flags. Of use is what a router advertised as on-link (RFC 4861 §4.6.2), also where DHCPv6
    /// gave an address alone, /128. The kernel notes it as its own route, other programs as learnt so.
    /// Routes that people and VPNs made lead to anywhere.
    private static func route(_ body: Span<UInt8>) -> InterfaceMessage? {
        guard body.count >= 12, body[4] == hs_route_main_table, body[7] == hs_route_unicast,
            body[5] == hs_route_by_kernel || body[5] == hs_route_by_advertisement
        else { return nil }
        let attributes = attributes(body, from: 12)
        guard attributes[hs_route_gateway] == nil, attributes[hs_route_multipath] == nil,
            let interface = attributes[hs_route_interface], interface.count == 4,
            let destination = attributes[hs_route_destination],
            let address = IPAddress(body.extracting(destination)), !address.isIPv4
        else { return nil }
        return .networks(
            index: body.hostUInt32(at: interface.lowerBound),
            [.init(address: address, length: Int(body[1]))])
    }

    /// Where the value of each attribute is: those from `offset` on, as far as they are whole.
    private static func attributes(
        _ body: Span<UInt8>, from offset: Int
    ) -> [UInt16: Range<Int>] {
        var ranges: [UInt16: Range<Int>] = [:]
        var offset = offset
        while body.count - offset >= 4 {
            let length = Int(body.hostUInt16(at: offset))
            guard length >= 4, length <= body.count - offset else { break }
            // The two highest bits say how the value is to be read.
            ranges[body.hostUInt16(at: offset + 2) & 0x3fff] = offset + 4..<offset + length
            offset += aligned(length)
        }
        return ranges
    }

    private static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
}

extension Span where Element == UInt8 {
    fileprivate func hostUInt16(at offset: Int) -> UInt16 { uint16(at: offset).bigEndian }
    fileprivate func hostUInt32(at offset: Int) -> UInt32 { uint32(at: offset).bigEndian }
}
