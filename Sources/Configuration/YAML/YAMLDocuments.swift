/// The documents of a file of another program's as trees, under the limits of this one's own files.
package enum YAMLDocuments {
    /// More than the manifests of a cluster that one file holds.
    private static let maximumCount = 10_000

    /// Why a file cannot be read, and where.
    package struct Failure: Error, CustomStringConvertible {
        package let line: Int?
        package let description: String
    }

    /// The documents that are not empty.
    package static func read(path: String) throws(Failure) -> [YAMLNode] {
        do {
            let reader = try YAMLReader(path: path, maximumDocuments: maximumCount)
            var documents: [YAMLNode] = []
            while true {
                let event = try reader.next()
                if case .end = event { return documents }
                let document = try reader.readNode(event)
                if case .scalar(let scalar) = document, scalar.isNull { continue }
                documents.append(document)
            }
        } catch {
            let expected = error.expected.map { "; expected \($0)" } ?? ""
            throw Failure(line: error.mark?.line, description: error.problem + expected)
        }
    }
}

// How a reader of other programs' files finds its way in a tree.
extension YAMLNode {
    /// The value at a path of keys; nil where one is missing.
    package subscript(path: String...) -> YAMLNode? {
        var node = self
        for key in path {
            guard case .mapping(let entries, _) = node,
                let value = entries.first(where: { $0.key.text == key })?.value
            else { return nil }
            node = value
        }
        return node
    }

    /// The items of a list; none of anything else.
    package var items: [YAMLNode] {
        if case .sequence(let items, _) = self { items } else { [] }
    }

    /// The entries of a mapping; none of anything else.
    package var entries: [YAMLEntry] {
        if case .mapping(let entries, _) = self { entries } else { [] }
    }

    package var text: String? { scalar?.text }

    package var line: Int { mark.line }
}
