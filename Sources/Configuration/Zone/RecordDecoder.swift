import DNS

/// One record as a zone file has it.
struct Record {
    let type: RRType
    let ttl: UInt32
    let rdata: [UInt8]
    let mark: YAMLMark
}

/// What a zone file says about one name.
struct NameContents {
    var records: [Record] = []
    /// Where the word `public` stands.
    var publicMark: YAMLMark?
}

/// Reads what follows an owner name: `public`, a bare address, a record of octoDNS's form, or a
/// list of those.
struct RecordDecoder {
    static let expected = "an address, public, a record such as {type: TXT, value: …}, or a list"

    let file: ConfigurationFile
    let apex: DomainName
    /// The TTL of records that give none.
    private let ttl: UInt32

    init(_ file: ConfigurationFile, apex: DomainName, ttl: UInt32) {
        self.file = file
        self.apex = apex
        self.ttl = ttl
    }

    func contents(_ node: YAMLNode) -> NameContents {
        var contents = NameContents()
        if case .sequence(let items, _) = node {
            if items.isEmpty { file.wrongKind(node, expected: Self.expected) }
            for item in items { append(item, to: &contents) }
        } else {
            append(node, to: &contents)
        }
        return contents
    }

    private func append(_ node: YAMLNode, to contents: inout NameContents) {
        switch node {
        case .scalar(let scalar) where scalar.text == "public":
            contents.publicMark = scalar.mark
        case .scalar(let scalar) where !scalar.isNull:
            if let record = addressRecord(scalar) { contents.records.append(record) }
        case .mapping(let entries, let mark):
            decode(entries, mark, into: &contents.records)
        case .scalar, .sequence: file.wrongKind(node, expected: Self.expected)
        }
    }

    /// A bare address is an A or AAAA record.
    private func addressRecord(_ scalar: YAMLScalar) -> Record? {
        let type: RRType = scalar.text.utf8.contains(0x3a) ? .aaaa : .a
        guard let rdata = Self.addressData(scalar.text, type) else {
            file.wrongKind(.scalar(scalar), expected: Self.expected)
            return nil
        }
        return Record(type: type, ttl: ttl, rdata: rdata, mark: scalar.mark)
    }

    // MARK: Records of octoDNS's form

    /// The fields of a record, each nil until its key is met.
    private struct Fields {
        var type: YAMLNode?
        var ttl: YAMLNode?
        var value: YAMLNode?
        var values: YAMLNode?
        var octodns: YAMLNode?
        var geo: YAMLNode?
        var dynamic: YAMLNode?

        static let keys = ["type", "ttl", "value", "values", "octodns", "geo", "dynamic"]

        /// Written out, as a dictionary for each of a million records would take its time.
        static func path(_ key: String) -> WritableKeyPath<Fields, YAMLNode?>? {
            switch key {
            case "type": \.type
            case "ttl": \.ttl
            case "value": \.value
            case "values": \.values
            case "octodns": \.octodns
            case "geo": \.geo
            case "dynamic": \.dynamic
            default: nil
            }
        }
    }

    private func decode(_ entries: [YAMLEntry], _ mark: YAMLMark, into records: inout [Record]) {
        var fields = Fields()
        for entry in entries {
            guard let path = Fields.path(entry.key.text) else {
                file.unknownKey(entry.key, keys: Fields.keys)
                continue
            }
            if let first = fields[keyPath: path] {
                file.duplicateKey(entry.key, firstLine: first.mark.line)
            } else {
                fields[keyPath: path] = entry.value
            }
        }
        let ttl = fields.ttl.map { file.duration($0) } ?? ttl
        for ignored in [fields.geo, fields.dynamic] {
            guard let ignored else { continue }
            file.warning(
                ignored.mark, "DNS has no geo or dynamic records: the plain values are served")
        }
        guard let type = type(fields.type, mark), let values = values(fields, type, mark)
        else { return }
        for value in values {
            guard let rdata = rdata(value, type), let ttl else { continue }
            records.append(Record(type: type, ttl: ttl, rdata: rdata, mark: mark))
        }
    }

    private func type(_ node: YAMLNode?, _ mark: YAMLMark) -> RRType? {
        guard let node else {
            file.error(mark, "a record without a type", expected: "\"type\"")
            return nil
        }
        guard let scalar = file.scalar(node, expected: "a record type such as A") else {
            return nil
        }
        // A provider's own types have a slash.
        guard scalar.text != "URLFWD", !scalar.text.contains("/") else {
            file.warning(
                scalar.mark, "DNS has no \(scalar.text.quoted) records: this one is left out")
            return nil
        }
        return file.recordType(scalar)
    }

    private func values(_ fields: Fields, _ type: RRType, _ mark: YAMLMark) -> [YAMLNode]? {
        if let value = fields.value, let values = fields.values {
            file.error(
                values.mark, "\"values\" in a record that has \"value\" on line \(value.mark.line)",
                expected: "one of them")
            return nil
        }
        guard let node = fields.values ?? fields.value else {
            file.error(mark, "\(type) record without data", expected: "\"value\" or \"values\"")
            return nil
        }
        guard case .sequence = node else { return [node] }
        return file.items(node, expected: "the data of \(type) records")
    }
}
