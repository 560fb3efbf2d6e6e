// Internationalized labels (RFC 5890 §2.3.2): U-labels as people write them, A-labels (`xn--`) on
// the wire. The rules are those of RFC 5891 and RFC 5892 as far as the standard library knows the
// properties of characters: joiners and punctuation that RFC 5892 §A allows in some contexts are
// refused, and the Bidi rule (RFC 5893) is applied only to what is shown.
extension DomainName {
    private static let prefix = Array("xn--".utf8)

    /// The A-label of a label with letters outside ASCII: lower case, composed (NFC), encoded.
    static func asciiLabel(_ label: String) throws(NameError) -> [UInt8] {
        let scalars = composed(label.unicodeScalars.flatMap(lowercase))
        guard !scalars.allSatisfy(\.isASCII), isAllowed(scalars),
            let encoded = Punycode.encode(scalars)
        else { throw .badInternationalLabel(label) }
        let octets = prefix + encoded
        guard octets.count <= maximumLabelLength else {
            throw .labelTooLong(length: octets.count)
        }
        guard Punycode.decode(encoded) == scalars else { throw .badInternationalLabel(label) }
        return octets
    }

    /// The name with U-labels, for people. A label that does not stand for one keeps its wire form,
    /// and so does one that mixes scripts or directions (`InternationalLabelDisplay`).
    public var internationalDescription: String {
        guard !isRoot else { return "." }
        let shown = labels.map { Self.internationalLabel($0) ?? Self.describe($0) }
        // Beside letters from right to left, a label that begins with a digit changes its place
        // (RFC 5893 §2, the first condition).
        let startsWithDigit = labels.contains { $0.first.map { $0 &- 0x30 < 10 } ?? false }
        if startsWithDigit,
            shown.contains(where: { InternationalLabelDisplay.isRightToLeft($0.unicodeScalars) })
        {
            return description
        }
        return shown.joined(separator: ".") + "."
    }

    /// The first label that says it is an A-label (`xn--`) and has no encoded letters behind it.
    public var badALabel: String? {
        // Every owner name of a zone file is asked this, and hardly one has a hyphen there.
        guard octets.count > 5, octets.contains(Self.prefix[3]) else { return nil }
        return labels.first { label in
            guard let encoded = Self.encodedLetters(label) else { return false }
            return Punycode.decode(encoded)?.allSatisfy(\.isASCII) ?? true
        }.map(Self.describe)
    }

    /// What stands behind the `xn--` of an A-label, in lower case; nil for another label.
    private static func encodedLetters(_ label: ArraySlice<UInt8>) -> [UInt8]? {
        guard label.prefix(prefix.count).elementsEqual(prefix, by: { DNS.lowercased($0) == $1 })
        else { return nil }
        return label.dropFirst(prefix.count).map { DNS.lowercased($0) }
    }

    private static func internationalLabel(_ label: ArraySlice<UInt8>) -> String? {
        guard let encoded = encodedLetters(label), let scalars = Punycode.decode(encoded),
            InternationalLabelDisplay.isPlain(scalars)
        else { return nil }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        // Only what would be encoded like this again is shown as a U-label (RFC 5891 §5.4).
        guard let again = try? asciiLabel(text), again == prefix + encoded else { return nil }
        return text
    }

    /// The text with the full stops of other scripts turned into dots (RFC 5895 §2).
    static func mappingFullStops(_ text: some StringProtocol) -> [UInt8] {
        let octets = Array(text.utf8)
        guard octets.contains(where: { $0 >= 0x80 }) else { return octets }
        var mapped = ""
        for scalar in text.unicodeScalars {
            mapped.unicodeScalars.append(fullStops.contains(scalar) ? "." : scalar)
        }
        return Array(mapped.utf8)
    }

    /// Ideographic, full-width and half-width ideographic full stop.
    private static let fullStops: Set<Unicode.Scalar> = ["\u{3002}", "\u{ff0e}", "\u{ff61}"]
}

extension DomainName {
    private static func lowercase(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        Array(scalar.properties.lowercaseMapping.unicodeScalars)
    }

    /// Whether a label of these characters is a U-label (RFC 5891 §4.2).
    private static func isAllowed(_ scalars: [Unicode.Scalar]) -> Bool {
        guard let first = scalars.first, let last = scalars.last, first != "-", last != "-",
            !(scalars.count >= 4 && scalars[2] == "-" && scalars[3] == "-")
        else { return false }
        switch first.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return false
        default: return scalars.allSatisfy(isAllowed) && !mixesArabicDigits(scalars)
        }
    }

    /// RFC 5892 §A.8 and §A.9: the digits of Arabic and those of Persian and Urdu look alike.
    private static func mixesArabicDigits(_ scalars: [Unicode.Scalar]) -> Bool {
        scalars.contains { (0x660...0x669).contains($0.value) }
            && scalars.contains { (0x6f0...0x6f9).contains($0.value) }
    }

    /// Letters, digits and marks that normalisation leaves alone (RFC 5892 §2).
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if exceptions.contains(scalar) { return true }
        guard !scalar.isASCII else {
            return scalar == "-" || ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        guard !scalar.properties.changesWhenNFKCCaseFolded,
            !disallowed.contains(where: { $0.contains(scalar.value) })
        else { return false }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark,
            .decimalNumber:
            return true
        default: return false
        }
    }

    /// RFC 5892 §2.6: allowed though their category or folding says otherwise.
    private static let exceptions: Set<Unicode.Scalar> = [
        "\u{df}", "\u{3c2}", "\u{6fd}", "\u{6fe}", "\u{f0b}", "\u{3007}",
    ]

    /// Letters and marks that are not allowed: RFC 5892 §2.6, the marks for symbols and music of
    /// §2.4, and the parts of Hangul syllables of §2.9.
    private static let disallowed: [ClosedRange<UInt32>] = [
        0x640...0x640, 0x7fa...0x7fa, 0x302e...0x302f, 0x3031...0x3035, 0x303b...0x303b,
        0x20d0...0x20ff, 0x1d100...0x1d24f, 0x1100...0x11ff, 0xa960...0xa97f, 0xd7b0...0xd7ff,
    ]
}

extension DomainName {
    /// Normalization form C (Unicode Standard Annex 15) of a label. The standard library compares
    /// by canonical equivalence but does not hand out the composed form, so a letter and a mark
    /// become the one character that is equivalent to both.
    private static func composed(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains(where: mayCompose) else { return scalars }
        var result: [Unicode.Scalar] = []
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in inCanonicalOrder(scalars) {
            let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
            // A mark of the same class, or a letter, in between blocks the composition.
            if let starter, mayCompose(scalar),
                starter == result.count - 1 || lastClass < combiningClass,
                let single = equivalent(of: result[starter], scalar)
            {
                result[starter] = single
                continue
            }
            if combiningClass == 0 { starter = result.count }
            lastClass = combiningClass
            result.append(scalar)
        }
        return result
    }

    /// The scalars with each run of marks sorted by combining class.
    private static func inCanonicalOrder(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var scalars = scalars
        for end in scalars.indices {
            var index = end
            while index > 0 {
                let left = scalars[index - 1].properties.canonicalCombiningClass
                let right = scalars[index].properties.canonicalCombiningClass
                guard right != .notReordered, left > right else { break }
                scalars.swapAt(index - 1, index)
                index -= 1
            }
        }
        return scalars
    }

    /// Marks, and the Hangul vowels and final consonants, which compose without being marks.
    private static func mayCompose(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.canonicalCombiningClass != .notReordered
            || scalar.properties.generalCategory == .spacingMark
            || ("\u{1161}"..."\u{11c2}").contains(scalar)
    }

    /// The one character that is canonically equivalent to these two.
    private static func equivalent(
        of base: Unicode.Scalar, _ mark: Unicode.Scalar
    ) -> Unicode.Scalar? {
        var pair = String(base)
        pair.unicodeScalars.append(mark)
        return composites[pair]
    }

    /// The characters of the ranges where composed ones lie (Latin to Greek, Kana, Hangul), by the
    /// strings equivalent to them, since strings are hashed by canonical equivalence. Some 19,000
    /// entries, made when a label with marks is first met.
    private static let composites: [String: Unicode.Scalar] = {
        let ranges: [ClosedRange<UInt32>] = [0xc0...0x1fff, 0x3040...0x30ff, 0xac00...0xd7a3]
        var composites: [String: Unicode.Scalar] = [:]
        for scalar in ranges.joined().compactMap(Unicode.Scalar.init)
        where !scalar.properties.isFullCompositionExclusion {
            composites[String(scalar)] = scalar
        }
        return composites
    }()
}
