package import DNS

/// A question for an upstream server, and what is to become of its answer.
package struct UpstreamQuestion: Sendable {
    /// The name as the first client spells it.
    package let name: DomainName
    package let type: RRType
    package let key: AnswerKey
    package let rule: ActiveForwardRule
    /// What happens to the answer before it is stored.
    package let policy: AnswerPolicy
    /// The protection that `policy` stands for.
    let rebindProtection: RebindProtection
    /// How the client asked; the upstream is asked the same way.
    package let transport: ClientTransport

    init(
        name: DomainName, type: RRType, key: AnswerKey.Parameters, lowercaseName: [UInt8],
        rule: ActiveForwardRule, policy: AnswerPolicy, rebindProtection: RebindProtection,
        transport: ClientTransport
    ) {
        self.name = name
        self.type = type
        self.key = AnswerKey(name: lowercaseName, parameters: key)
        self.rule = rule
        self.policy = policy
        self.rebindProtection = rebindProtection
        self.transport = transport
    }

    /// The message to send (RFC 1035 §4.1). The ID is 0; the sender draws a random one. RD, CD and
    /// DO are the client's, AD says that the upstream's own is understood (RFC 6840 §5.7); the EDNS
    /// size is ours and no option of the client goes along: they are hop by hop.
    package func encode(withEDNS: Bool = true) -> [UInt8] {
        let bits = key.parameters.bits
        var flags = Header.Flag.authenticData
        if bits.contains(.recursionDesired) { flags |= Header.Flag.recursionDesired }
        if bits.contains(.checkingDisabled) { flags |= Header.Flag.checkingDisabled }
        let length = Header.length + name.octets.count + 4 + EDNS.emptyLength
        var octets = [UInt8](repeating: 0, count: length)
        var writer = MessageWriter(octets.mutableSpan, limit: length)
        writer.write(
            Header(id: 0, flags: flags, questionCount: 1, additionalCount: withEDNS ? 1 : 0))
        writer.write(Question(name: name, type: type))
        if withEDNS { writer.writeOPT(dnssecOK: bits.contains(.dnssecOK)) }
        let count = writer.count
        return Array(octets[..<count])
    }
}

/// An upstream answer on its way to those who wait for it.
package struct FreshAnswer: Sendable {
    package let key: AnswerKey
    /// An encoded `AnswerImage`.
    package let image: [UInt8]
}
