/// One SvcParam of an SVCB or HTTPS record in wire form (RFC 9460 §2.2).
public struct ServiceParameter: Equatable, Sendable {
    public let key: ServiceParameterKey
    public let value: [UInt8]

    public init(_ key: ServiceParameterKey, _ value: [UInt8] = []) {
        self.key = key
        self.value = value
    }
}

/// A SvcParamKey (RFC 9460 §14.3.2). Unknown keys are carried verbatim.
public struct ServiceParameterKey: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let mandatory = ServiceParameterKey(rawValue: 0)
    public static let alpn = ServiceParameterKey(rawValue: 1)
    public static let noDefaultALPN = ServiceParameterKey(rawValue: 2)
    public static let port = ServiceParameterKey(rawValue: 3)
    public static let ipv4Hint = ServiceParameterKey(rawValue: 4)
    public static let ech = ServiceParameterKey(rawValue: 5)
    public static let ipv6Hint = ServiceParameterKey(rawValue: 6)
    /// RFC 9461 §5.
    public static let dohPath = ServiceParameterKey(rawValue: 7)
    /// RFC 9540 §4.
    public static let obliviousHTTP = ServiceParameterKey(rawValue: 8)
    /// The key that no parameter may have (RFC 9460 §14.3.2).
    public static let invalid = ServiceParameterKey(rawValue: 65535)

    private static let names: [(ServiceParameterKey, String)] = [
        (.mandatory, "mandatory"), (.alpn, "alpn"), (.noDefaultALPN, "no-default-alpn"),
        (.port, "port"), (.ipv4Hint, "ipv4hint"), (.ech, "ech"), (.ipv6Hint, "ipv6hint"),
        (.dohPath, "dohpath"), (.obliviousHTTP, "ohttp"),
    ]

    public static var registeredNames: [String] { names.map(\.1) }

    /// The key of a registered name or of `keyNNNNN` without leading zeros (RFC 9460 §2.1).
    public init?(name: some StringProtocol) {
        if let (key, _) = Self.names.first(where: { $0.1 == name }) {
            self = key
        } else if name.hasPrefix("key"), let number = UInt16(decimal: name.dropFirst(3)),
            name == "key\(number)", number != Self.invalid.rawValue
        {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }
}

extension ServiceParameterKey: Comparable {
    public static func < (left: ServiceParameterKey, right: ServiceParameterKey) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension ServiceParameterKey: CustomStringConvertible {
    public var description: String {
        Self.names.first { $0.0 == self }?.1 ?? "key\(rawValue)"
    }
}

extension ServiceParameter {
    /// Whether the value has the form that its key prescribes (RFC 9460 §7, §8; RFC 9540 §4).
    var isWellFormed: Bool {
        switch key {
        case .mandatory: mandatoryKeys != nil
        case .alpn: protocolIDs != nil
        case .noDefaultALPN, .obliviousHTTP: value.isEmpty
        case .port: value.count == 2
        case .ipv4Hint: !value.isEmpty && value.count.isMultiple(of: 4)
        case .ipv6Hint: !value.isEmpty && value.count.isMultiple(of: 16)
        case .ech: !value.isEmpty
        case .invalid: false
        default: true
        }
    }

    /// The ALPN protocol ids of an `alpn` value: one or more, none empty; nil when malformed.
    public var protocolIDs: [ArraySlice<UInt8>]? {
        var ids: [ArraySlice<UInt8>] = []
        var rest = value[...]
        while let length = rest.popFirst() {
            guard length > 0, rest.count >= length else { return nil }
            ids.append(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
        }
        return ids.isEmpty ? nil : ids
    }

    /// The `alpn` parameter of these ids, each of 1 to 255 octets.
    public init(protocolIDs: some Sequence<some Collection<UInt8>>) {
        self.init(.alpn, protocolIDs.flatMap { [UInt8($0.count)] + $0 })
    }

    /// The keys of a `mandatory` value: one or more in strictly increasing order, itself not among
    /// them; nil when malformed.
    public var mandatoryKeys: [ServiceParameterKey]? {
        guard !value.isEmpty, value.count.isMultiple(of: 2) else { return nil }
        let keys = stride(from: 0, to: value.count, by: 2).map {
            ServiceParameterKey(rawValue: UInt16(value[$0]) << 8 | UInt16(value[$0 + 1]))
        }
        guard keys[0] != .mandatory, zip(keys, keys.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        return keys
    }
}
