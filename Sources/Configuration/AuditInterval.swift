extension ConfigurationFile {
    /// An audit of many names takes minutes, at its pace, and none is older than a month.
    static let auditIntervals = 60...(30 * 86_400)

    /// The setting `audit`: `off`, or a mapping of `every`. Gives seconds; nil for off.
    func auditInterval(_ node: YAMLNode) -> Int? {
        let expected = "off, or a mapping such as {every: 24h}"
        guard node.scalar == nil else {
            if node.scalar?.text != "off" { wrongKind(node, expected: expected) }
            return nil
        }
        guard let keyed = KeyedNode(node, keys: ["every"], expected: expected, in: self) else {
            return nil
        }
        guard let every = keyed["every"] else {
            if !keyed.hasUnknownKeys { error(keyed.mark, "no interval", expected: expected) }
            return nil
        }
        return duration(every, in: Self.auditIntervals)
    }
}
