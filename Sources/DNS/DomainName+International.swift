// Internationalized labels (RFC 5890 §2.3.2): U-labels as people write them, A-labels (`xn--`) on
// the wire. The rules are those of RFC 5891 and RFC 5892 as far as the standard library knows the
// properties of characters: joiners and punctuation that RFC 5892 §A allows in some contexts are
// refused, and the Bidi rule (RFC 5893) is not applied.
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

    /// The name with U-labels, for people; a label that does not stand for one keeps its wire form.
    package var internationalDescription: String {
        guard !isRoot else { return "." }
        return labels.map { label in
            Self.internationalLabel(label) ?? Self.describe(label)
        }.joined(separator: ".") + "."
    }

    private static func internationalLabel(_ label: ArraySlice<UInt8>) -> String? {
        let lower = label.map { DNS.lowercased($0) }
        guard lower.starts(with: prefix),
            let scalars = Punycode.decode(Array(lower.dropFirst(prefix.count)))
        else { return nil }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        // Only what would be encoded like this again is shown as a U-label (RFC 5891 §5.4).
        guard let again = try? asciiLabel(text), again == lower else { return nil }
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
        default: return scalars.allSatisfy(isAllowed)
        }
    }

    /// Letters, digits and marks that normalisation leaves alone (RFC 5892 §2).
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if exceptions.contains(scalar) { return true }
        guard !scalar.isASCII else {
            return scalar == "-" || ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        guard !scalar.properties.changesWhenNFKCCaseFolded else { return false }
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
