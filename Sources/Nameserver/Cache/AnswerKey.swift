package import DNS

/// What makes two upstream questions the same, for the cache and for queries in flight.
package struct AnswerKey: Hashable, Sendable {
    /// The name as it was first asked for. Names are equal whatever their letters' case.
    package let name: DomainName
    package let parameters: Parameters
    /// Of both, with the process's secret: computed once, however often the key is looked up.
    let hash: UInt64

    init(name: DomainName, parameters: Parameters, hash: UInt64) {
        self.name = name
        self.parameters = parameters
        self.hash = hash
    }

    package static func == (left: AnswerKey, right: AnswerKey) -> Bool {
        left.hash == right.hash && left.parameters == right.parameters && left.name == right.name
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// All of the key but the name.
    package struct Parameters: Hashable, Sendable {
        package let type: RRType
        package let bits: Bits
        /// The rule's identity and the policy that was applied to what is stored.
        let partition: UInt64

        init(type: RRType, bits: Bits, rule: ActiveForwardRule, policy: AnswerPolicy) {
            self.type = type
            self.bits = bits
            // Few answers have anything that a policy alters, but a chain or additional section may
            // hold it for any type.
            partition = rule.cacheIdentity ^ policy.identity
        }

        package init(type: RRType, bits: Bits, partition: UInt64) {
            self.type = type
            self.bits = bits
            self.partition = partition
        }

        /// The key of a denial of the name, whatever type is asked for (RFC 2308 §5), and of all
        /// names below it or not (RFC 8020 §2).
        func denial(ofSubtree: Bool) -> Parameters {
            Parameters(
                type: RRType(rawValue: 0),
                bits: bits.union(ofSubtree ? .deniesSubtree : .deniesName), partition: partition)
        }

        /// Both keys under which a denial of the name may stand.
        var denials: [Parameters] { [denial(ofSubtree: false), denial(ofSubtree: true)] }
    }

    /// The bits of a query that the answer depends on.
    package struct Bits: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let dnssecOK = Bits(rawValue: 1)
        package static let checkingDisabled = Bits(rawValue: 2)
        package static let recursionDesired = Bits(rawValue: 4)
        /// Not a query's: the answer denies the name for every type.
        static let deniesName = Bits(rawValue: 8)
        /// Not a query's: the answer denies the name and all below it.
        static let deniesSubtree = Bits(rawValue: 16)
        static let denials: Bits = [.deniesName, .deniesSubtree]

        init(_ query: Query) {
            var bits: Bits = []
            if query.dnssecOK { bits.insert(.dnssecOK) }
            if query.checkingDisabled { bits.insert(.checkingDisabled) }
            if query.recursionDesired { bits.insert(.recursionDesired) }
            self = bits
        }
    }
}
