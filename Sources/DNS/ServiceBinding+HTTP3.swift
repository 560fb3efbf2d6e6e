extension ServiceBinding {
    /// Whether the ALPN set names a protocol over QUIC: `h3` or `hq` and their drafts, or `quic`.
    /// DNS over QUIC (`doq`) is not one of them. AliasMode records have no ALPN set.
    public var advertisesHTTP3: Bool {
        guard !isAlias, let ids = self[.alpn]?.protocolIDs else { return false }
        return ids.contains(where: Self.isHTTP3)
    }

    /// The binding without the ids of HTTP over QUIC; nil when the record has to go, because
    /// nothing else is left of what it offers.
    ///
    /// Without any id left the `alpn` parameter goes and the default set remains, unless
    /// `no-default-alpn` says that there is none, the protocol has none, or the owner declared
    /// `alpn` mandatory.
    ///
    /// - Parameter hasDefaultALPN: whether the protocol has a default set (RFC 9460 §7.1.2). HTTPS
    ///   has; DNS servers' records have none (RFC 9461 §4.1).
    public func removingHTTP3(hasDefaultALPN: Bool = true) -> ServiceBinding? {
        guard advertisesHTTP3, let ids = self[.alpn]?.protocolIDs else { return self }
        let rest = ids.filter { !Self.isHTTP3($0) }
        guard rest.isEmpty else { return replacing(ServiceParameter(protocolIDs: rest)) }
        guard hasDefaultALPN, self[.noDefaultALPN] == nil else { return nil }
        return removing(.alpn)
    }

    /// The binding without its ECH configuration; nil when the owner declared that mandatory.
    public func removingECH() -> ServiceBinding? {
        isAlias ? self : removing(.ech)
    }

    private static let exactIDs = ["h3", "hq", "quic"].map { Array($0.utf8) }
    private static let idPrefixes = ["h3-", "hq-"].map { Array($0.utf8) }

    private static func isHTTP3(_ id: ArraySlice<UInt8>) -> Bool {
        exactIDs.contains { id.elementsEqual($0) } || idPrefixes.contains { id.starts(with: $0) }
    }

    /// The binding without this parameter; nil when it is mandatory: the record does not work
    /// without it (RFC 9460 §8).
    private func removing(_ key: ServiceParameterKey) -> ServiceBinding? {
        if self[.mandatory]?.mandatoryKeys?.contains(key) == true { return nil }
        return ServiceBinding(
            priority: priority, target: target,
            uncheckedParameters: parameters.filter { $0.key != key })
    }

    private func replacing(_ parameter: ServiceParameter) -> ServiceBinding {
        ServiceBinding(
            priority: priority, target: target,
            uncheckedParameters: parameters.map { $0.key == parameter.key ? parameter : $0 })
    }
}
