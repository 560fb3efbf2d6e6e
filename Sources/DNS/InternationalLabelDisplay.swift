/// Whether an internationalized label may be shown to people by its letters. One that may not is
/// shown as its A-label, so that no name looks like another one or turns a line around.
enum InternationalLabelDisplay {
    static func isPlain(_ scalars: [Unicode.Scalar]) -> Bool {
        isOfOneScript(scalars) && keepsDirection(scalars)
    }

    static func isRightToLeft(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
        scalars.contains(where: isRightToLeft)
    }

    // MARK: Scripts

    /// The scripts that are told apart; others by the block of 128 in which they lie, as those of
    /// South and South East Asia do.
    private enum Script: Hashable {
        case latin, greek, cyrillic, arabic, georgian, ethiopic, tibetan
        case hangul, kana, bopomofo, han
        case block(UInt32)
    }

    private static let ranges: [(ClosedRange<UInt32>, Script)] = [
        (0x41...0x2af, .latin), (0x1d00...0x1d7f, .latin), (0x1e00...0x1eff, .latin),
        (0x2c60...0x2c7f, .latin), (0xa720...0xa7ff, .latin), (0xab30...0xab6f, .latin),
        (0x370...0x3ff, .greek), (0x1f00...0x1fff, .greek), (0x400...0x52f, .cyrillic),
        (0x1c80...0x1c8f, .cyrillic), (0x2de0...0x2dff, .cyrillic), (0xa640...0xa69f, .cyrillic),
        (0x600...0x6ff, .arabic), (0x750...0x77f, .arabic), (0x870...0x8ff, .arabic),
        (0xf00...0xfff, .tibetan), (0x10a0...0x10ff, .georgian), (0x1c90...0x1cbf, .georgian),
        (0x2d00...0x2d2f, .georgian), (0x1200...0x139f, .ethiopic), (0x2d80...0x2ddf, .ethiopic),
        (0xac00...0xd7a3, .hangul), (0x3041...0x30ff, .kana), (0x31f0...0x31ff, .kana),
        (0x3100...0x312f, .bopomofo), (0x31a0...0x31bf, .bopomofo), (0x3005...0x3007, .han),
        (0x3400...0x4dbf, .han), (0x4e00...0x9fff, .han), (0xf900...0xfaff, .han),
        (0x20000...0x3ffff, .han),
    ]

    /// What is written together in Japan, Korea and China, Latin letters among it (the "highly
    /// restrictive" level of Unicode Technical Standard 39 §5.2).
    private static let together: [Set<Script>] = [
        [.latin, .han, .kana], [.latin, .han, .hangul], [.latin, .han, .bopomofo],
    ]

    /// Nil for what is written in every script: digits, the hyphen, and accents.
    private static func script(_ scalar: Unicode.Scalar) -> Script? {
        let isAccent = (0x300...0x36f).contains(scalar.value)
        guard !isAccent, scalar != "-", !("0"..."9").contains(scalar) else { return nil }
        return ranges.first { $0.0.contains(scalar.value) }?.1 ?? .block(scalar.value >> 7)
    }

    private static func isOfOneScript(_ scalars: [Unicode.Scalar]) -> Bool {
        let scripts = Set(scalars.compactMap(script))
        return scripts.count <= 1 || together.contains { scripts.isSubset(of: $0) }
    }

    // MARK: Direction

    /// Where Unicode has letters that are written from right to left.
    private static let rightToLeft: [ClosedRange<UInt32>] = [
        0x590...0x8ff, 0xfb1d...0xfdff, 0xfe70...0xfeff, 0x10800...0x10fff, 0x1e800...0x1efff,
    ]

    private static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
        rightToLeft.contains { $0.contains(scalar.value) }
    }

    /// The Bidi rule (RFC 5893 §2) as far as it concerns what IDNA allows: a label with letters from
    /// right to left begins with one, has no others, ends with one or a digit, and has digits of one
    /// kind.
    private static func keepsDirection(_ scalars: [Unicode.Scalar]) -> Bool {
        guard isRightToLeft(scalars) else { return true }
        let visible = scalars.filter { $0.properties.generalCategory != .nonspacingMark }
        let digits: Set<Unicode.Scalar> = Set((0..<10).map { Unicode.Scalar(0x30 + UInt8($0)) })
        guard let first = visible.first, let last = visible.last, !isDigit(first),
            isRightToLeft(first), isRightToLeft(last) || digits.contains(last)
        else { return false }
        let hasArabicDigits = visible.contains { (0x660...0x669).contains($0.value) }
        return visible.allSatisfy { isRightToLeft($0) || digits.contains($0) || $0 == "-" }
            && !(hasArabicDigits && visible.contains { digits.contains($0) })
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .decimalNumber
    }
}

extension String {
    /// The text with `\u{…}` for what a terminal would not show, or would obey: control and format
    /// characters, line ends, blanks but the space, and code points without a character.
    public var escapingUnprintable: String {
        // As nearly all lines of a log are.
        guard !utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
                .unassigned:
                text += Self.escaped(scalar)
            case .spaceSeparator where scalar != " ": text += Self.escaped(scalar)
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        "\\u{\(String(scalar.value, radix: 16))}"
    }
}
