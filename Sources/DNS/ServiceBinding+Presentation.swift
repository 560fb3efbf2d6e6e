extension ServiceBinding {
    /// The binding of its presentation form (RFC 9460 §2.1): priority, target, `key=value`.
    init(_ reader: inout RDataTokenReader) throws(RDataError) {
        let priority = try reader.readNumber("priority", as: UInt16.self)
        let target = try reader.readName("target")
        var parameters: [ServiceParameter] = []
        while let token = reader.nextIfPresent() {
            guard priority != 0 else {
                throw RDataError(
                    "parameters", found: token.text,
                    expected: "none with priority 0, which makes an alias (RFC 9460 §2.4.2)")
            }
            parameters.append(try ServiceParameter(token))
        }
        do {
            try self.init(priority: priority, target: target, parameters: parameters)
        } catch {
            throw RDataError(
                "parameters", found: error.description,
                expected: "parameters that agree with each other (RFC 9460 §2.4.3)")
        }
    }
}

extension ServiceBinding: CustomStringConvertible {
    public var description: String {
        (["\(priority)", "\(target)"] + parameters.map(\.description)).joined(separator: " ")
    }
}

extension ServiceParameter: CustomStringConvertible {
    /// The parameter in presentation form, such as `alpn="h3,h2"`.
    public var description: String {
        guard let text = valueText else { return "\(key)" }
        return "\(key)=\(text)"
    }

    /// The value as text; nil for none.
    private var valueText: String? {
        switch key {
        case .mandatory where mandatoryKeys != nil:
            return mandatoryKeys?.map(\.description).joined(separator: ",")
        case .alpn where protocolIDs != nil:
            let items = protocolIDs?.map(Self.escapeItem) ?? []
            return PresentationToken.quoted(items.joined(separator: [0x2c]))
        case .port where value.count == 2: return String(UInt16(value[0]) << 8 | UInt16(value[1]))
        case .ipv4Hint where isWellFormed:
            return addresses(of: 4).map { IPAddress(octets: $0)?.description ?? "" }
                .joined(separator: ",")
        case .ipv6Hint where isWellFormed:
            return addresses(of: 16).map { RDataDescriber.describeIPv6($0) ?? "" }
                .joined(separator: ",")
        case .ech where isWellFormed: return Base64.encode(value)
        default: return value.isEmpty ? nil : PresentationToken.quoted(value)
        }
    }

    private func addresses(of length: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: value.count, by: length).map { value[$0..<$0 + length] }
    }

    /// A value list's item with `\` before commas and backslashes (RFC 9460 §A.1).
    private static func escapeItem(_ item: ArraySlice<UInt8>) -> [UInt8] {
        item.flatMap { $0 == 0x2c || $0 == 0x5c ? [0x5c, $0] : [$0] }
    }
}

extension ServiceParameter {
    /// The parameter of one word, `key` or `key=value` (RFC 9460 §2.1).
    init(_ token: PresentationToken) throws(RDataError) {
        let octets = token.octets.split(
            separator: 0x3d, maxSplits: 1, omittingEmptySubsequences: false)
        let name = octets.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard let key = ServiceParameterKey(name: name) else {
            throw RDataError(
                "parameters", found: token.text,
                expected: "a key such as alpn, port or key65280, and \"=\" before its value")
        }
        let value = octets.count > 1 ? octets[1] : []
        // A key spelt `keyNNNNN` has its value in wire form, a registered one too (§2.1).
        let isGeneric = name != key.description || name.hasPrefix("key")
        let parsed = isGeneric ? Array(value) : Self.parse(value, of: key)
        guard let parsed, ServiceParameter(key, parsed).isWellFormed else {
            throw RDataError(
                name, found: octets.count > 1 ? String(decoding: value, as: UTF8.self) : nil,
                expected: isGeneric ? "the wire form of \(key)" : Self.expectedValue(of: key))
        }
        guard parsed.count <= UInt16.max else {
            throw RDataError(
                name, found: "\(parsed.count) octets", expected: "at most 65535 octets")
        }
        self.init(key, parsed)
    }

    private static func expectedValue(of key: ServiceParameterKey) -> String {
        switch key {
        case .mandatory: "other keys between commas, each once"
        case .alpn: "protocol ids of 1 to 255 octets between commas"
        case .noDefaultALPN, .obliviousHTTP: "no value"
        case .port: "a number from 0 to 65535"
        case .ipv4Hint: "IPv4 addresses between commas"
        case .ipv6Hint: "IPv6 addresses between commas"
        case .ech: "an ECHConfigList in base 64"
        default: "a value"
        }
    }

    /// The wire form of a value's text; nil when it is none.
    private static func parse(
        _ value: ArraySlice<UInt8>, of key: ServiceParameterKey
    ) -> [UInt8]? {
        let text = String(decoding: value, as: UTF8.self)
        let items = text.split(separator: ",", omittingEmptySubsequences: false)
        switch key {
        case .mandatory: return parseMandatory(items)
        case .alpn: return parseList(value).map { ServiceParameter(protocolIDs: $0).value }
        case .port: return UInt16(decimal: text)?.bigEndianOctets
        case .ipv4Hint: return parseEach(items) { ipv4Octets($0) }
        case .ipv6Hint: return parseEach(items) { ipv6Octets($0) }
        case .ech: return Base64.decode(text)
        default: return Array(value)
        }
    }

    private static func parseEach(
        _ items: [Substring], _ parse: (Substring) -> [UInt8]?
    ) -> [UInt8]? {
        var octets: [UInt8] = []
        for item in items {
            guard let parsed = parse(item) else { return nil }
            octets += parsed
        }
        return octets
    }

    /// The keys in increasing order; a duplicate stays, so that the value is malformed.
    private static func parseMandatory(_ items: [Substring]) -> [UInt8]? {
        var keys: [ServiceParameterKey] = []
        for item in items {
            guard let key = ServiceParameterKey(name: item) else { return nil }
            keys.append(key)
        }
        return keys.sorted().flatMap(\.rawValue.bigEndianOctets)
    }

    /// The items of a value list, in which `\` stands before commas and backslashes that are part
    /// of an item (RFC 9460 §A.1); nil for other escapes, and items that are empty or too long.
    private static func parseList(_ value: ArraySlice<UInt8>) -> [[UInt8]]? {
        var items: [[UInt8]] = [[]]
        var rest = value
        while let octet = rest.popFirst() {
            switch octet {
            case 0x2c: items.append([])
            case 0x5c:
                guard let escaped = rest.popFirst(), escaped == 0x2c || escaped == 0x5c
                else { return nil }
                items[items.count - 1].append(escaped)
            default: items[items.count - 1].append(octet)
            }
        }
        return items.allSatisfy { (1...255).contains($0.count) } ? items : nil
    }
}
