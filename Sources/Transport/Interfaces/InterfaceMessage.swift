internal import CSockets
internal import DNS

/// What the kernel says of its interfaces in one message of rtnetlink(7), which RFC 3549 §3 describes.
enum InterfaceMessage: Equatable {
    /// An interface is there, by this name.
    case link(index: UInt32, name: String)
    case linkIsGone(index: UInt32)
    /// An address or a route puts an interface into a network.
    case source(NetworkSource)
    case sourceIsGone(NetworkSource)
    /// All that was asked for has been told.
    case end
    /// What was asked for was refused, with an errno.
    case refused(Int32)
    /// Something was not told, or not as it was at one moment: all has to be asked for anew.
    case lost
}

/// An address of an interface, or a route to what is on its link.
struct NetworkSource: Hashable {
    let index: UInt32
    /// The address that the prefix is of: the peer's on a point-to-point link.
    let address: IPAddress
    let length: Int
    let origin: Origin

    /// What two sources of one network differ in.
    enum Origin: Hashable {
        /// The interface's own address.
        case address(IPAddress)
        case route(metric: UInt32)
    }

    /// The network, and the own address where that is not of it.
    var networks: [NetworkInterface.Network] {
        let network = NetworkInterface.Network(address: address, length: length)
        guard case .address(let own) = origin, own != address else { return [network] }
        return [network, NetworkInterface.Network(address: own, length: own.octets.count * 8)]
    }
}

/// Numbers are in the host's octet order; messages and attributes begin at multiples of four octets.
/// Every length is held against what is there.
extension InterfaceMessage {
    private static let headerLength = 16

    /// The messages of one datagram, but for those that say nothing of use here.
    static func all(in octets: Span<UInt8>) -> [InterfaceMessage] {
        var messages: [InterfaceMessage] = []
        var isWhole = true
        var offset = 0
        while offset < octets.count {
            let left = octets.count - offset
            let length = left < headerLength ? 0 : Int(octets.hostUInt32(at: offset))
            guard length >= headerLength, length <= left else { return messages + [.lost] }
            // Any message of a dump may say so, and then the whole is meant.
            if octets.hostUInt16(at: offset + 6) & hs_netlink_interrupted != 0 { isWhole = false }
            let body = octets.extracting(offset + headerLength..<offset + length)
            if let message = message(octets.hostUInt16(at: offset + 4), body) {
                messages.append(message)
            }
            offset += aligned(length)
        }
        return isWhole ? messages : messages + [.lost]
    }

    private static func message(_ type: UInt16, _ body: Span<UInt8>) -> InterfaceMessage? {
        switch type {
        case hs_new_link: link(body).map { .link(index: $0, name: $1) }
        case hs_delete_link: link(body).map { index, _ in .linkIsGone(index: index) }
        case hs_new_address: address(body).map { .source($0) }
        case hs_delete_address: address(body).map { .sourceIsGone($0) }
        case hs_new_route: route(body).map { .source($0) }
        case hs_delete_route: route(body).map { .sourceIsGone($0) }
        case hs_netlink_done: .end
        // The errno is negated; 0 is an acknowledgement, which nobody asked for.
        case hs_netlink_error where body.count >= 4 && body.hostUInt32(at: 0) != 0:
            .refused(0 &- Int32(bitPattern: body.hostUInt32(at: 0)))
        case hs_netlink_overrun: .lost
        default: nil
        }
    }

    /// `struct ifinfomsg`: family, type, index, flags. The families of bridges tell of their ports, that
    /// they are gone too, in messages of the same type.
    private static func link(_ body: Span<UInt8>) -> (UInt32, String)? {
        guard body.count >= 16, body[0] == 0 else { return nil }
        guard let range = attributes(body, from: 16)[hs_link_name] else { return nil }
        let name = body.array(range).prefix { $0 != 0 }
        return (body.hostUInt32(at: 4), String(decoding: name, as: UTF8.self))
    }

    /// `struct ifaddrmsg`: family, length of the prefix, flags, scope, index. An address that is
    /// tentative or deprecated says as well as others which network is here.
    private static func address(_ body: Span<UInt8>) -> NetworkSource? {
        guard body.count >= 8 else { return nil }
        let attributes = attributes(body, from: 8)
        let local = attributes[hs_address_local].flatMap { IPAddress(body.extracting($0)) }
        let address = attributes[hs_address_address].flatMap { IPAddress(body.extracting($0)) }
        guard let own = local ?? address else { return nil }
        return NetworkSource(
            index: body.hostUInt32(at: 4), address: address ?? own, length: Int(body[1]),
            origin: .address(own))
    }

    /// `struct rtmsg`: family, length of the destination, that of the source, TOS, table, protocol, scope,
    /// type, flags. Of use is what a router advertised as on-link (RFC 4861 §4.6.2), also where DHCPv6
    /// gave an address alone, /128. The kernel notes it as its own route, other programs as learnt so.
    /// Routes that people and VPNs made lead to anywhere.
    private static func route(_ body: Span<UInt8>) -> NetworkSource? {
        guard body.count >= 12, body[4] == hs_route_main_table, body[7] == hs_route_unicast,
            body[5] == hs_route_by_kernel || body[5] == hs_route_by_advertisement
        else { return nil }
        let attributes = attributes(body, from: 12)
        guard attributes[hs_route_gateway] == nil, attributes[hs_route_multipath] == nil,
            let interface = attributes[hs_route_interface], interface.count == 4,
            let destination = attributes[hs_route_destination],
            let address = IPAddress(body.extracting(destination)), !address.isIPv4
        else { return nil }
        let metric = attributes[hs_route_metric].flatMap { range in
            range.count == 4 ? body.hostUInt32(at: range.lowerBound) : nil
        }
        return NetworkSource(
            index: body.hostUInt32(at: interface.lowerBound), address: address,
            length: Int(body[1]), origin: .route(metric: metric ?? 0))
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
