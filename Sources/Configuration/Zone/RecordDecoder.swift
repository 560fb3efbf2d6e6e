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
        let type: RRType = scalar.text.hasColon ? .aaaa : .a
        guard let rdata = Self.addressData(scalar.text, type) else {
            let looksLikeAddress = type == .aaaa || scalar.text.first?.isNumber == true
            file.error(
                scalar.mark,
                "\(looksLikeAddress ? "bad address" : "found") \(scalar.text.quoted)",
                expected: Self.expected,
                suggestion: Self.meant(by: scalar.text)
                    ?? Spelling.suggestion(for: scalar.text, among: ["public"]))
            return nil
        }
        return Record(type: type, ttl: ttl, rdata: rdata, mark: scalar.mark)
    }

    /// Several addresses in one text, one with a prefix's length or a port, or the name of a host.
    private static func meant(by text: String) -> String? {
        if let list = ConfigurationFile.list(in: text, where: { IPAddress($0) != nil }) {
            return list
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let host = parts.count == 2 ? parts[0] : ConfigurationFile.hostAndPort(text[...]).host
        if let host, host.count < text.count, IPAddress(host) != nil { return String(host).quoted }
        guard text.contains("."), text.contains(where: \.isLetter),
            let name = try? DomainName(text),
            name.labels.allSatisfy({ !$0.contains { $0 <= 0x20 || $0 == 0x2f || $0 == 0x3a } })
        else { return nil }
        return "{type: CNAME, value: \(name)}"
    }

    // MARK: Records of octoDNS's form

    /// The keys of a record and their values, each nil until it is met.
    private struct Fields {
        static let keys = ["type", "ttl", "value", "values", "octodns", "geo", "dynamic"]

        var type: YAMLEntry?
        var ttl: YAMLEntry?
        var value: YAMLEntry?
        var values: YAMLEntry?
        var octodns: YAMLEntry?
        var geo: YAMLEntry?
        var dynamic: YAMLEntry?
        /// Then what seems to be missing may be what was meant.
        var hasUnknownKeys = false

        // Written out, as a dictionary for each of a million records would take its time.
        mutating func take(_ entry: YAMLEntry, in file: ConfigurationFile) {
            func put(_ field: inout YAMLEntry?) {
                if let first = field {
                    file.duplicateKey(entry.key, firstLine: first.key.mark.line)
                } else {
                    field = entry
                }
            }
            switch entry.key.text {
            case "type": put(&type)
            case "ttl": put(&ttl)
            case "value": put(&value)
            case "values": put(&values)
            case "octodns": put(&octodns)
            case "geo": put(&geo)
            case "dynamic": put(&dynamic)
            default:
                file.unknownKey(
                    entry.key, keys: Self.keys, suggestion: Self.record(ofType: entry.key))
                hasUnknownKeys = true
            }
        }

        /// `{A: 192.168.10.50}` says the type in the key's place.
        private static func record(ofType key: YAMLScalar) -> String? {
            guard let type = RRType(mnemonic: key.text.uppercased()), type.isData else {
                return nil
            }
            return "{type: \(type), value: …}"
        }
    }

    private func decode(_ entries: [YAMLEntry], _ mark: YAMLMark, into records: inout [Record]) {
        var fields = Fields()
        for entry in entries { fields.take(entry, in: file) }
        let ttl = fields.ttl.map { file.duration($0.value) } ?? ttl
        for ignored in [fields.geo, fields.dynamic] {
            guard let key = ignored?.key else { continue }
            file.warning(
                key.mark, "DNS has no \(key.text.quoted): the plain values are served")
        }
        guard let type = type(fields, mark), let values = values(fields, type, mark)
        else { return }
        for value in values {
            guard let rdata = rdata(value, type), let ttl else { continue }
            records.append(Record(type: type, ttl: ttl, rdata: rdata, mark: mark))
        }
    }

    private func type(_ fields: Fields, _ mark: YAMLMark) -> RRType? {
        guard let node = fields.type?.value else {
            if !fields.hasUnknownKeys {
                file.error(mark, "a record without a type", expected: "\"type\"")
            }
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
        if let value = fields.value?.key.mark, let values = fields.values?.key.mark {
            file.error(
                values, "\"values\" in a record that has \"value\" on line \(value.line)",
                expected: "one of them")
            return nil
        }
        guard let node = fields.values?.value ?? fields.value?.value else {
            if !fields.hasUnknownKeys {
                file.error(
                    mark, "\(type) record without data", expected: "\"value\" or \"values\"")
            }
            return nil
        }
        guard case .sequence = node else { return [node] }
        return file.items(node, expected: "the data of \(type) records")
    }
}
