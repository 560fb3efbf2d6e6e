import DNS

extension RecordDecoder {
    /// The RDATA of one value in wire form; nil after a report.
    func rdata(_ node: YAMLNode, _ type: RRType) -> [UInt8]? {
        // First what most records are.
        if type == .a || type == .aaaa, let text = node.scalar?.text,
            let rdata = Self.addressData(text, type)
        {
            return rdata
        }
        // RFC 3597 §5's `\# LENGTH HEX` stands for the data of any type, but a text is a text.
        if type != .txt, type != .spf, let scalar = node.scalar, scalar.text.hasPrefix("\\#") {
            return parse(scalar, type)
        }
        if let fields = StructuredData.fields(of: type) {
            return structuredData(node, type, fields)
        }
        guard let scalar = file.scalar(node, expected: "the data of a \(type) record") else {
            return nil
        }
        switch type {
        case .txt, .spf: return textData(scalar, type)
        case .a, .aaaa:
            let family = type == .a ? "IPv4" : "IPv6"
            file.error(
                scalar.mark, "bad address \(scalar.text.quoted)",
                expected: "an \(family) address")
            return nil
        case .cname, .ns, .ptr, .dname, .alias: return target(scalar, type)?.octets
        default: return parse(scalar, type)
        }
    }

    /// A type without a form of its own here has its data as a zone file writes it.
    private func parse(_ scalar: YAMLScalar, _ type: RRType) -> [UInt8]? {
        do {
            return try RData.parse(scalar.text, type: type, origin: apex)
        } catch {
            report(error, type, scalar.mark)
            return nil
        }
    }

    func report(_ error: RDataError, _ type: RRType, _ mark: YAMLMark) {
        let found = error.found.map { " \($0.quoted)" } ?? " missing"
        let reason = error.reason.map { " (\($0))" } ?? ""
        file.error(mark, "\(type) \(error.field)\(found)\(reason)", expected: error.expected)
    }

    // MARK: Addresses

    /// The octets of an address of the type's family.
    static func addressData(_ text: String, _ type: RRType) -> [UInt8]? {
        guard type == .aaaa else {
            // Most records of a large zone are A records: no generic code for these.
            let utf8 = text.utf8
            return IPAddress.parseIPv4(utf8.span).map { IPAddress.v4($0).octets }
        }
        guard let address = IPAddress(text), text.hasColon else { return nil }
        // An IPv4-mapped address (RFC 4291 §2.5.5.2) counts as IPv4 elsewhere; here it is data.
        if address.isIPv4 {
            return [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + address.octets
        }
        return address.octets
    }

    // MARK: Names

    /// A name that data refers to. octoDNS takes all of them as absolute, so one without a final
    /// dot is a doubt, and a single label, which octoDNS refuses, an error.
    func target(_ scalar: YAMLScalar, _ type: RRType) -> DomainName? {
        let expected = "an absolute name such as www.example.com. with its final dot"
        let target: DomainName
        do {
            target = try DomainName(scalar.text)
        } catch {
            file.error(
                scalar.mark, "bad \(type) target \(scalar.text.quoted): \(error)",
                expected: expected)
            return nil
        }
        guard scalar.text.utf8.last != 0x2e else { return target }
        guard IPAddress(scalar.text) == nil else {
            file.error(
                scalar.mark, "\(type) target \(scalar.text.quoted) is an address",
                expected: expected)
            return nil
        }
        guard target.labelCount > 1 else {
            file.error(
                scalar.mark, "\(type) target \(scalar.text.quoted) is a single label",
                expected: expected,
                suggestion: target.relative(to: apex).map { "\($0)".quoted })
            return nil
        }
        file.warning(
            scalar.mark, "\(type) target \(scalar.text.quoted) is taken as absolute",
            expected: "a final dot")
        return target
    }

    // MARK: Texts

    /// TXT data: the text as it stands but for `\;`, which octoDNS writes for a semicolon; or
    /// several character strings, each in quotation marks. octoDNS joins those, and no reader of
    /// TXT records is to tell the difference, but what is written is what is served.
    private func textData(_ scalar: YAMLScalar, _ type: RRType) -> [UInt8]? {
        let text = Self.unescapingSemicolons(scalar.text)
        var strings = [text]
        if text.hasPrefix("\"") {
            guard text.count > 1, text.hasSuffix("\"") else {
                file.error(
                    scalar.mark, "no closing quotation mark in \(scalar.text.quoted)",
                    expected: "'\"one\" \"two\"' for two strings")
                return nil
            }
            strings = Self.splitQuoted(text.dropFirst().dropLast())
        }
        do {
            return try RData.parse(fields: strings, type: type, origin: apex)
        } catch {
            report(error, type, scalar.mark)
            return nil
        }
    }

    static func unescapingSemicolons(_ text: String) -> String {
        guard text.utf8.contains(0x5c) else { return text }
        return text.split(separator: "\\;", omittingEmptySubsequences: false).joined(separator: ";")
    }

    /// The strings of a text whose outer quotation marks are off: they end at a quotation mark that
    /// blanks and another one follow.
    private static func splitQuoted(_ text: Substring) -> [String] {
        text.split(separator: /"[ \t]+"/, omittingEmptySubsequences: false).map(String.init)
    }
}

extension String {
    /// Whether the text may be an IPv6 address, but no IPv4 address.
    var hasColon: Bool {
        let utf8 = utf8
        let octets = utf8.span
        return octets.indices.contains { octets[$0] == 0x3a }
    }
}

extension DomainName {
    fileprivate func relative(to origin: DomainName) -> DomainName? { origin.prepending(self) }
}
