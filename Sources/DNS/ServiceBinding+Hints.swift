extension ServiceBinding {
    /// The binding without the address hints that `isUnwanted` names, and how many there were. A key
    /// without a hint left goes, from `mandatory` too: the client finds the addresses by A and AAAA
    /// as if there had been no hint (RFC 9460 §7.3), and what stays is well formed.
    public func removingHints(
        where isUnwanted: (IPAddress) -> Bool
    ) -> (binding: ServiceBinding, count: Int) {
        var count = 0
        var emptied: Set<ServiceParameterKey> = []
        let filtered = parameters.compactMap { parameter -> ServiceParameter? in
            guard let length = parameter.key.hintLength else { return parameter }
            var value: [UInt8] = []
            for start in stride(from: 0, to: parameter.value.count, by: length) {
                let octets = parameter.value[start..<start + length]
                if IPAddress(octets: octets).map(isUnwanted) ?? false {
                    count += 1
                } else {
                    value += octets
                }
            }
            guard !value.isEmpty else {
                emptied.insert(parameter.key)
                return nil
            }
            return ServiceParameter(parameter.key, value)
        }
        let rest = filtered.compactMap { parameter -> ServiceParameter? in
            guard parameter.key == .mandatory, let keys = parameter.mandatoryKeys else {
                return parameter
            }
            let value = keys.filter { !emptied.contains($0) }.flatMap(\.rawValue.bigEndianOctets)
            return value.isEmpty ? nil : ServiceParameter(.mandatory, value)
        }
        let binding = ServiceBinding(
            priority: priority, target: target, uncheckedParameters: rest)
        return (binding, count)
    }
}

extension ServiceParameterKey {
    /// How many octets one address of a hint takes; nil for other parameters.
    fileprivate var hintLength: Int? {
        switch self {
        case .ipv4Hint: 4
        case .ipv6Hint: 16
        default: nil
        }
    }
}
