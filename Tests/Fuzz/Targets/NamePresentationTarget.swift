import DNS

/// Names and RDATA between wire form and text, both ways: what is printed must read as the same
/// octets. The first octet says what the rest is, the second chooses the type.
func fuzzNamePresentation(_ input: [UInt8]) throws(Finding) {
    var choices = Choices(input)
    let kind = choices.octet() & 3
    let type = dataType(choices.octet())
    let rest = Array(choices.rest)
    switch kind {
    case 0:
        guard let name = try? DomainName(String(decoding: rest, as: UTF8.self)) else { return }
        try check(name)
    case 1:
        var reader = MessageReader(rest.span)
        guard let name = try? reader.readName() else { return }
        try check(name)
    case 2:
        let text = String(decoding: rest, as: UTF8.self)
        let fields = text.split(separator: " ").map(String.init)
        for octets in [
            try? RData.parse(text, type: type), try? RData.parse(fields: fields, type: type),
        ] {
            if let octets { try check(octets, type, isValid: true) }
        }
    default:
        try check(rest, type, isValid: false)
    }
}

/// The type of this number; those over 255 take the place of meta types.
private func dataType(_ octet: UInt8) -> RRType {
    guard octet >= 128 else { return RRType(rawValue: UInt16(octet)) }
    return [.uri, .caa, .alias, RRType(rawValue: 65_280)][Int(octet & 3)]
}

private func check(_ name: DomainName) throws(Finding) {
    var reader = MessageReader(name.octets.span)
    guard let wire = try? reader.readName(), reader.isAtEnd else {
        throw Finding("no valid name: \(hexadecimal(name.octets))")
    }
    try require(wire.octets == name.octets, "\(name) has other octets")
    guard let again = try? DomainName(name.description) else {
        throw Finding("refused: \(name)")
    }
    try require(again.octets == name.octets, "\(name) is read as \(again)")
    // U-labels are those of lower-case A-labels.
    let text = name.internationalDescription
    guard let international = try? DomainName(text) else { throw Finding("refused: \(text)") }
    try require(international == name, "\(text) is read as \(international)")
    try require(DomainName(labels: name.labels)?.octets == name.octets, "other labels of \(name)")
    try require(name.labels.count == name.labelCount, "another number of labels of \(name)")
}

/// `isValid`: the octets were made from a text, so they have the form of their type.
private func check(_ octets: [UInt8], _ type: RRType, isValid: Bool) throws(Finding) {
    let text = RData.describe(octets.span, type: type)
    let again: [UInt8]
    do {
        again = try RData.parse(text, type: type)
    } catch {
        // Malformed data of a known type is printed as opaque octets, and refused so; an alias of
        // SVCB is not written with parameters, which mean nothing.
        let isAlias = octets.starts(with: [0, 0]) && (type == .svcb || type == .https)
        guard !isValid, isAlias || text.hasPrefix("\\#") else {
            throw Finding("\(type) \(text) is refused: \(error)")
        }
        return
    }
    try require(again == octets, "\(type) \(text) is read as \(hexadecimal(again))")
}
