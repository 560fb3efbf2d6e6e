/// The RDATA of an SVCB or HTTPS record (RFC 9460 §2.2), checked to be well formed.
public struct ServiceBinding: Equatable, Sendable {
    /// SvcPriority; 0 is AliasMode, others ServiceMode with smaller ones preferred (§2.4.1).
    public let priority: UInt16
    /// TargetName; the root stands for the owner name in ServiceMode, for "not available" in
    /// AliasMode (§2.5).
    public let target: DomainName
    /// SvcParams in strictly increasing order of their keys.
    public let parameters: [ServiceParameter]

    public var isAlias: Bool { priority == 0 }

    /// Reads RDATA whose target name is in full. Throws when it is malformed (§2.2), or its
    /// parameters contradict each other in ServiceMode (§2.4.3).
    public init(rdata: Span<UInt8>) throws(ServiceBindingError) {
        guard let (priority, target, parameters) = try? Self.read(rdata) else {
            throw .malformedRData
        }
        self.priority = priority
        self.target = target
        self.parameters = parameters
        try checkParameters()
    }

    /// The fields; nil when the target name is compressed, which RFC 9460 §2.2 forbids.
    private static func read(
        _ rdata: Span<UInt8>
    ) throws(MessageError) -> (UInt16, DomainName, [ServiceParameter])? {
        var reader = MessageReader(rdata)
        let priority = try reader.readUInt16()
        guard let target = try reader.readUncompressedName() else { return nil }
        var parameters: [ServiceParameter] = []
        while !reader.isAtEnd {
            let key = ServiceParameterKey(rawValue: try reader.readUInt16())
            let value = try reader.readOctets(Int(try reader.readUInt16()))
            parameters.append(ServiceParameter(key, value))
        }
        return (priority, target, parameters)
    }

    /// The binding of parameters in any order. Throws as `init(rdata:)`.
    public init(
        priority: UInt16, target: DomainName, parameters: [ServiceParameter] = []
    ) throws(ServiceBindingError) {
        self.priority = priority
        self.target = target
        self.parameters = parameters.sorted { $0.key < $1.key }
        try checkParameters()
    }

    /// The binding with parameters that are known to be valid together.
    init(priority: UInt16, target: DomainName, uncheckedParameters: [ServiceParameter]) {
        self.priority = priority
        self.target = target
        parameters = uncheckedParameters
    }

    /// The wire form.
    public var rdata: [UInt8] {
        var octets = priority.bigEndianOctets + target.octets
        for parameter in parameters {
            octets += parameter.key.rawValue.bigEndianOctets
            octets += UInt16(parameter.value.count).bigEndianOctets
            octets += parameter.value
        }
        return octets
    }

    /// The parameter of this key.
    public subscript(key: ServiceParameterKey) -> ServiceParameter? {
        parameters.first { $0.key == key }
    }

    private func checkParameters() throws(ServiceBindingError) {
        for (previous, next) in zip(parameters, parameters.dropFirst()) {
            guard previous.key != next.key else { throw .duplicateKey(next.key) }
            guard previous.key < next.key else { throw .keyOutOfOrder(next.key) }
        }
        for parameter in parameters where !parameter.isWellFormed {
            throw .malformedValue(parameter.key)
        }
        // AliasMode records' parameters are ignored (§2.4.2).
        guard !isAlias else { return }
        if self[.noDefaultALPN] != nil, self[.alpn] == nil { throw .noDefaultALPNWithoutALPN }
        for key in self[.mandatory]?.mandatoryKeys ?? [] where self[key] == nil {
            throw .missingMandatoryKey(key)
        }
    }
}

/// Why RDATA is not that of an SVCB or HTTPS record.
public enum ServiceBindingError: Error, Equatable, Sendable {
    /// The octets end within a field, or the target name is malformed or compressed.
    case malformedRData
    case duplicateKey(ServiceParameterKey)
    case keyOutOfOrder(ServiceParameterKey)
    case malformedValue(ServiceParameterKey)
    case noDefaultALPNWithoutALPN
    /// `mandatory` lists a key that is not there.
    case missingMandatoryKey(ServiceParameterKey)
}

extension ServiceBindingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformedRData: "RDATA that ends within a field or has a malformed target name"
        case .duplicateKey(let key): "\(key) twice"
        case .keyOutOfOrder(let key): "\(key) after a higher key"
        case .malformedValue(let key): "a malformed value of \(key)"
        case .noDefaultALPNWithoutALPN: "no-default-alpn without alpn"
        case .missingMandatoryKey(let key): "mandatory lists \(key), which is missing"
        }
    }
}
