package import DNS

/// A question for an upstream server, and what is to become of its answer.
package final class UpstreamQuestion: Sendable {
    package let key: AnswerKey
    package let rule: ActiveForwardRule
    /// What happens to the answer before it is stored.
    package let policy: AnswerPolicy
    /// The protection that `policy` stands for.
    let rebindProtection: RebindProtection
    /// How the client asked; the upstream is asked the same way.
    package let transport: ClientTransport
    /// Whether an earlier answer is stored, which is better than a failure.
    let hasOlderAnswer: Bool

    init(
        key: AnswerKey, rule: ActiveForwardRule,
        policy: AnswerPolicy, rebindProtection: RebindProtection,
        transport: ClientTransport, hasOlderAnswer: Bool
    ) {
        self.key = key
        self.rule = rule
        self.policy = policy
        self.rebindProtection = rebindProtection
        self.transport = transport
        self.hasOlderAnswer = hasOlderAnswer
    }

    /// The name as the first client spells it.
    package var name: DomainName { key.name }
    package var type: RRType { key.parameters.type }
}

/// How a question is put to one server.
package struct QueryForm: Equatable, Sendable {
    package var withEDNS = true
    /// Whether the name's letters have a random case, which the reply has to repeat; else they are
    /// spelled as by the client.
    package var randomizesCase = false
    /// The data of the COOKIE option (RFC 7873 §4); nil for none.
    package var cookie: [UInt8]?
    /// Whether the length is to tell nothing of the name: on an encrypted way (RFC 7830).
    package var isPadded = false

    package init() {}
}

extension UpstreamQuestion {
    /// RFC 8467 §4.1: queries are padded to a multiple of this.
    private static let paddingBlock = 128

    /// The message to send (RFC 1035 §4.1). The ID is 0; the sender draws a random one. RD, CD and
    /// DO are the client's, AD says that the upstream's own is understood (RFC 6840 §5.7); the EDNS
    /// size is ours and no option of the client goes along: they are hop by hop.
    package func encode(_ form: QueryForm = QueryForm()) -> [UInt8] {
        let bits = key.parameters.bits
        var flags = Header.Flag.authenticData
        if bits.contains(.recursionDesired) { flags |= Header.Flag.recursionDesired }
        if bits.contains(.checkingDisabled) { flags |= Header.Flag.checkingDisabled }
        let unpadded = name.octets.count + 4 + Header.length + optLength(form)
        let padding = form.withEDNS && form.isPadded ? Self.padding(of: unpadded) : nil
        let length = unpadded + (padding.map { EDNS.optionHeaderLength + $0 } ?? 0)
        var octets = [UInt8](zeros: length)
        var message = octets.mutableSpan
        message.store(flags, at: 2)
        // One question, and perhaps the OPT record.
        message.store(UInt16(1), at: 4)
        message.store(UInt16(form.withEDNS ? 1 : 0), at: 10)
        message.copy(name.octets.span, at: Header.length)
        let typeOffset = Header.length + name.octets.count
        message.store(type.rawValue, at: typeOffset)
        message.store(RRClass.internet, at: typeOffset + 2)
        guard form.withEDNS else { return octets }
        var writer = MessageWriter(message._mutatingExtracting((typeOffset + 4)...), limit: length)
        writer.writeOPT(
            dnssecOK: bits.contains(.dnssecOK),
            optionsLength: length - typeOffset - 4 - EDNS.emptyLength)
        if let cookie = form.cookie { writer.writeOption(EDNSOption.cookie, cookie.span) }
        if let subnet = rule.clientSubnet {
            writer.writeOption(EDNSOption.clientSubnet, subnet.ednsOption.span)
        }
        if let padding {
            writer.writeOption(EDNSOption.padding, [UInt8](repeating: 0, count: padding).span)
        }
        return octets
    }

    /// How long the OPT record is but for padding; 0 without one.
    private func optLength(_ form: QueryForm) -> Int {
        guard form.withEDNS else { return 0 }
        let cookie = form.cookie.map { EDNS.optionHeaderLength + $0.count } ?? 0
        let subnet = rule.clientSubnet.map { EDNS.optionHeaderLength + $0.ednsOption.count } ?? 0
        return EDNS.emptyLength + cookie + subnet
    }

    /// How many octets of padding a message of so many octets gets.
    private static func padding(of unpadded: Int) -> Int {
        let excess = (unpadded + EDNS.optionHeaderLength) % paddingBlock
        return excess == 0 ? 0 : paddingBlock - excess
    }
}

extension AddressPrefix {
    /// The data of a CLIENT-SUBNET option: family, source and scope prefix length, and as many octets
    /// of the address as the prefix has (RFC 7871 §6).
    fileprivate var ednsOption: [UInt8] {
        let all = address.octets
        return [0, address.isIPv4 ? 1 : 2, UInt8(length), 0] + all.prefix((length + 7) / 8)
    }
}

/// An upstream answer on its way to those who wait for it. An object, since it is handed on more than
/// once and all of it is on the heap.
package final class FreshAnswer: Sendable {
    package let key: AnswerKey
    /// An encoded `AnswerImage`.
    package let image: [UInt8]
    /// Whether it is an earlier answer, past its lifetime: no newer one could be had (RFC 8767).
    package let isStale: Bool
    /// Who gave it; nil for an earlier answer and when nobody gave any.
    package let upstream: Upstream?

    init(
        key: AnswerKey, image: [UInt8], isStale: Bool = false, upstream: Upstream? = nil
    ) {
        self.key = key
        self.image = image
        self.isStale = isStale
        self.upstream = upstream
    }
}
