import DNS

/// RDATA as a person reads it, written anew for the tests so that it does not share the server's
/// mistakes.
extension Record {
    /// Owner, type and data, without the TTL.
    var line: String { "\(owner) \(type) \(presentation)" }

    var presentation: String {
        switch type {
        case .a, .aaaa: IPAddress(octets: rdata).map(\.description) ?? hexadecimal
        case .cname, .ns, .ptr, .dname: name(from: 0)
        case .mx: "\(uint16(0)) \(name(from: 2))"
        case .srv: "\(uint16(0)) \(uint16(2)) \(uint16(4)) \(name(from: 6))"
        case .txt: strings.map { "\"\($0)\"" }.joined(separator: " ")
        case .caa: certificationAuthority
        case .soa: startOfAuthority
        case .https, .svcb: serviceBinding
        default: hexadecimal
        }
    }

    private var hexadecimal: String {
        rdata.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func uint16(_ offset: Int) -> Int { Int(rdata[offset]) << 8 | Int(rdata[offset + 1]) }

    private func uint32(_ offset: Int) -> Int { uint16(offset) << 16 | uint16(offset + 2) }

    /// Where the name that starts at `offset` ends.
    private func end(ofNameAt offset: Int) -> Int {
        var end = offset
        while rdata[end] != 0 { end += 1 + Int(rdata[end]) }
        return end + 1
    }

    private func name(from offset: Int) -> String {
        DomainName(uncheckedOctets: Array(rdata[offset..<end(ofNameAt: offset)])).description
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: rdata[range], as: UTF8.self)
    }

    private var strings: [String] {
        var strings: [String] = []
        var offset = 0
        while offset < rdata.count {
            let end = offset + 1 + Int(rdata[offset])
            strings.append(text(offset + 1..<end))
            offset = end
        }
        return strings
    }

    private var certificationAuthority: String {
        let tagEnd = 2 + Int(rdata[1])
        return "\(rdata[0]) \(text(2..<tagEnd)) \"\(text(tagEnd..<rdata.count))\""
    }

    private var startOfAuthority: String {
        let second = end(ofNameAt: 0)
        let numbers = end(ofNameAt: second)
        let values = (0..<5).map { String(uint32(numbers + 4 * $0)) }
        return ([name(from: 0), name(from: second)] + values).joined(separator: " ")
    }

    /// The MINIMUM field of a SOA record.
    var minimum: UInt32 { UInt32(uint32(rdata.count - 4)) }

    /// `1 . alpn=h3,h2 ipv4hint=192.0.2.1` (RFC 9460 §2.1).
    private var serviceBinding: String {
        var parts = [String(uint16(0)), name(from: 2)]
        var offset = end(ofNameAt: 2)
        while offset < rdata.count {
            let key = uint16(offset)
            let value = offset + 4..<offset + 4 + uint16(offset + 2)
            parts.append(parameter(key, value))
            offset = value.upperBound
        }
        return parts.joined(separator: " ")
    }

    private func parameter(_ key: Int, _ value: Range<Int>) -> String {
        switch key {
        case 0:
            let keys = stride(from: value.lowerBound, to: value.upperBound, by: 2).map {
                uint16($0)
            }
            return "mandatory=" + keys.map { "key\($0)" }.joined(separator: ",")
        case 1:
            let ids = Record(.root, .txt, ttl: 0, Array(rdata[value])).strings
            return "alpn=" + ids.joined(separator: ",")
        case 2: return "no-default-alpn"
        case 3: return "port=\(uint16(value.lowerBound))"
        case 4: return "ipv4hint=" + addresses(value, size: 4)
        case 5: return "ech=\(value.count)"
        case 6: return "ipv6hint=" + addresses(value, size: 16)
        default: return "key\(key)=\(value.count)"
        }
    }

    private func addresses(_ value: Range<Int>, size: Int) -> String {
        stride(from: value.lowerBound, to: value.upperBound, by: size)
            .map { IPAddress(octets: rdata[$0..<$0 + size]).map(\.description) ?? "?" }
            .joined(separator: ",")
    }
}
