extension DomainName {
    /// The name for people in a line of text, such as a log's, without its final dot: with U-labels
    /// and the form of the wire beside them, `bücher.example (xn--bcher-kva.example)`, so that
    /// letters that look alike deceive nobody. The wire form alone, other octets than visible ASCII
    /// escaped, where letters could hide or move what stands around them.
    package var lineDescription: String {
        guard !isRoot else { return "." }
        let wire = String(description.dropLast())
        let international = String(internationalDescription.dropLast())
        guard international != wire, international.unicodeScalars.allSatisfy(Self.staysInPlace)
        else { return wire }
        return "\(international) (\(wire))"
    }

    /// Whether a terminal shows the character, and shows it where it stands in the text.
    private static func staysInPlace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate,
            .privateUse, .unassigned:
            return false
        default:
            return !scalar.properties.isDefaultIgnorableCodePoint
                && !rightToLeft.contains { $0.contains(scalar.value) }
        }
    }

    /// The blocks of scripts written from right to left (Unicode Standard Annex 9 §3.2): such
    /// letters turn the numbers and names behind them around on the screen.
    private static let rightToLeft: [ClosedRange<UInt32>] = [
        0x0590...0x08ff, 0xfb1d...0xfdff, 0xfe70...0xfeff, 0x1_0800...0x1_0fff,
        0x1_e800...0x1_efff,
    ]
}
