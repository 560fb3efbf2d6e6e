import DNS

extension HTTPSRecordPolicy {
    /// What becomes of one HTTPS or SVCB record.
    package enum Outcome: Equatable, Sendable {
        case keep
        /// The record leaves the answer: because the policy says so, or because its RDATA is
        /// malformed, which is counted.
        case remove(malformed: Bool)
        /// The record stays with this RDATA.
        case replace([UInt8])
    }

    /// What the policy does to a record from upstream.
    ///
    /// Malformed RDATA never passes, not even under `pass`. AliasMode records offer no protocol and
    /// so pass all policies but `remove`.
    ///
    /// - Parameters:
    ///   - rdata: the RDATA, its target name in full.
    ///   - isDNSServer: whether the owner name starts with `_dns` and describes a DNS server. Such
    ///     a record has no default protocol to fall back to (RFC 9461 §4.1), so it goes when no
    ///     ALPN id is left; `doq` is not HTTP/3.
    package func outcome(rdata: Span<UInt8>, isDNSServer: Bool) -> Outcome {
        guard let original = try? ServiceBinding(rdata: rdata) else {
            return .remove(malformed: true)
        }
        let rewritten: ServiceBinding?
        switch self {
        case .pass: rewritten = original
        case .remove: rewritten = nil
        case .removeH3: rewritten = original.advertisesHTTP3 ? nil : original
        case .rewriteH3: rewritten = original.removingHTTP3(hasDefaultALPN: !isDNSServer)
        case .rewriteH3AndECH:
            rewritten = original.removingHTTP3(hasDefaultALPN: !isDNSServer)?.removingECH()
        }
        guard let rewritten else { return .remove(malformed: false) }
        return rewritten == original ? .keep : .replace(rewritten.rdata)
    }
}
