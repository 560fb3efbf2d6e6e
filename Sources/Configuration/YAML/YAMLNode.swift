import DNS

/// A piece of a YAML file as a tree: a whole setting, or one name's records.
package enum YAMLNode {
    case scalar(YAMLScalar)
    case sequence([YAMLNode], YAMLMark)
    case mapping([YAMLEntry], YAMLMark)

    /// A key and its value.
    package struct YAMLEntry {
        package let key: YAMLScalar
        package let value: YAMLNode
    }

    package var mark: YAMLMark {
        switch self {
        case .scalar(let scalar): scalar.mark
        case .sequence(_, let mark), .mapping(_, let mark): mark
        }
    }

    /// What a message says was found.
    var kind: String {
        switch self {
        case .scalar(let scalar): scalar.isNull ? "nothing" : scalar.text.quoted
        case .sequence(let items, _): items.isEmpty ? "an empty list" : "a list"
        case .mapping(let entries, _): entries.isEmpty ? "an empty mapping" : "a mapping"
        }
    }

    /// The scalar, unless it is null or the node something else.
    package var scalar: YAMLScalar? {
        guard case .scalar(let scalar) = self, !scalar.isNull else { return nil }
        return scalar
    }
}

package typealias YAMLEntry = YAMLNode.YAMLEntry

extension YAMLReader {
    /// The deepest setting, a parameter of a record in a view's zone, has 11 levels.
    static let maximumDepth = 24
    /// The records of one name, or a setting with inline records, are held in memory at once.
    static let maximumNodeCount = 1_000_000

    /// Goes into the mapping that the file consists of; `expected` says what it would hold.
    func enterMapping(expected: String) throws(YAMLError) {
        switch try next() {
        case .mappingStart: return
        case .end: throw YAMLError(nil, "it is empty", expected: expected)
        case .scalar(let scalar) where scalar.isNull:
            throw YAMLError(nil, "it is empty", expected: expected)
        case .scalar(let scalar):
            // Not quoted: it may be the secret of a file that was named in the wrong place.
            throw YAMLError(scalar.mark, "found a text", expected: expected)
        case .sequenceStart(let mark):
            throw YAMLError(mark, "found a list", expected: expected)
        case .mappingEnd, .sequenceEnd:
            throw YAMLError(nil, "it ends before it begins", expected: expected)
        }
    }

    /// The next key and value of that mapping; nil when the file ends after it.
    func nextEntry() throws(YAMLError) -> YAMLEntry? {
        let event = try next()
        if case .mappingEnd = event {
            // Reads on, so that a second document does not go unseen.
            _ = try next()
            return nil
        }
        let key = try readNode(event).asKey()
        return YAMLEntry(key: key, value: try readNode(try next()))
    }

    /// The tree that starts with `first`. Built with a stack of open lists and mappings, not by
    /// recursion, since the file decides how deep they go.
    func readNode(_ first: YAMLEvent) throws(YAMLError) -> YAMLNode {
        if case .scalar(let scalar) = first { return .scalar(scalar) }
        var open: [OpenNode] = []
        open.reserveCapacity(4)
        var event = first
        var count = 0
        while true {
            var finished: YAMLNode?
            switch event {
            case .scalar(let scalar): finished = .scalar(scalar)
            case .mappingStart(let mark): open.append(OpenNode(mark, isMapping: true))
            case .sequenceStart(let mark): open.append(OpenNode(mark, isMapping: false))
            case .mappingEnd, .sequenceEnd: finished = open.popLast()?.node
            case .end: throw YAMLError(nil, "it ends too early")
            }
            count += 1
            if let finished {
                guard !open.isEmpty else { return finished }
                try open[open.count - 1].append(finished)
            }
            guard open.count <= Self.maximumDepth else {
                throw YAMLError(
                    open[open.count - 1].mark, "more than \(Self.maximumDepth) nested levels")
            }
            guard count <= Self.maximumNodeCount else {
                throw YAMLError(
                    open[0].mark, "a value of more than \(Self.maximumNodeCount) parts",
                    expected: "the records in a zone file")
            }
            event = try next()
        }
    }
}

/// A list or mapping whose end is still to come.
private struct OpenNode {
    let mark: YAMLMark
    private let isMapping: Bool
    private var items: [YAMLNode] = []
    private var entries: [YAMLEntry] = []
    private var key: YAMLScalar?

    init(_ mark: YAMLMark, isMapping: Bool) {
        self.mark = mark
        self.isMapping = isMapping
        // One allocation for a record of the usual size instead of three.
        if isMapping { entries.reserveCapacity(4) }
    }

    var node: YAMLNode { isMapping ? .mapping(entries, mark) : .sequence(items, mark) }

    mutating func append(_ node: YAMLNode) throws(YAMLError) {
        guard isMapping else {
            items.append(node)
            return
        }
        if let key {
            entries.append(YAMLEntry(key: key, value: node))
            self.key = nil
        } else {
            key = try node.asKey()
        }
    }
}

extension YAMLNode {
    fileprivate func asKey() throws(YAMLError) -> YAMLScalar {
        guard case .scalar(let scalar) = self else {
            throw YAMLError(mark, "found \(kind) as a key", expected: "a text")
        }
        guard !(scalar.isPlain && scalar.text == "<<") else {
            throw YAMLError(scalar.mark, "a merge key (<<)", expected: "each key written out")
        }
        return scalar
    }
}
