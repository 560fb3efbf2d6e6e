extension DomainName {
    /// The name for people in a line of text, such as a log's, without its final dot: with U-labels
    /// and the form of the wire beside them, `bücher.example (xn--bcher-kva.example)`, so that
    /// letters that look alike deceive nobody. The wire form alone, other octets than visible ASCII
    /// escaped, where letters could hide or move what stands around them.
    public var lineDescription: String {
        guard !isRoot else { return "." }
        let wire = String(description.dropLast())
        let international = String(internationalDescription.dropLast())
        let scalars = international.unicodeScalars
        // Letters from right to left turn the numbers and names behind them around.
        guard international != wire, scalars.allSatisfy(Self.isShown),
            !InternationalLabelDisplay.isRightToLeft(scalars)
        else { return wire }
        return "\(international) (\(wire))"
    }

    /// Whether a terminal shows the character.
    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate,
            .privateUse, .unassigned:
            return false
        default:
            return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
