import CYaml
import DNS
import Glibc

/// Reads a YAML file as libyaml's events, one at a time, so that a zone of a million records takes
/// no more memory than its largest record. Aliases, anchors, tags outside YAML's own schema and a
/// second document are refused: what stands in a file is what is meant.
///
/// Unsafe because libyaml is C: the parser lies in memory that this object allocates in `init`,
/// never moves and frees in `deinit`; an event's pointers are read only between
/// `yaml_parser_parse` and `yaml_event_delete`, and everything that leaves is a copy.
@safe final class YAMLReader {
    /// More than a zone of ten million records; a larger file is surely not meant.
    static let maximumSize = 1 << 30
    /// RDATA has at most 65,535 octets, written with up to four characters each (RFC 1035 §5.1).
    static let maximumScalarLength = 262_144
    /// What may stand before the next piece of a document, in octets: libyaml keeps a text whole before
    /// anyone can see how long it is. A page of comments is far shorter.
    static let maximumGap = 4 << 20
    /// `%TAG` lines are of no use here, and libyaml compares each with all before it.
    static let maximumDirectives = 100

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let file: UnsafeMutablePointer<FILE>
    private let maximumDocuments: Int
    private var documentCount = 0
    /// Of what was read of the file so far; after `.end` of all of it.
    private(set) var hash = ContentHash()
    private let progress: WorkProgress?
    /// The octets that were read since the last event.
    private var gap = 0
    /// Why no more is read.
    private var excess: YAMLError?

    /// Files of this program's own have one document; others may have more. Tells `progress` how many
    /// octets it has read.
    init(
        path: String, maximumDocuments: Int = 1, progress: WorkProgress? = nil
    ) throws(YAMLError) {
        self.maximumDocuments = maximumDocuments
        self.progress = progress
        unsafe file = try Self.open(path)
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            unsafe fclose(file)
            throw YAMLError(nil, "out of memory")
        }
        // The parser asks this object for octets, and lives no longer.
        unsafe yaml_parser_set_input(
            parser,
            { reader, buffer, size, count in
                guard let reader = unsafe reader, let buffer = unsafe buffer,
                    let count = unsafe count
                else { return 0 }
                let object = unsafe Unmanaged<YAMLReader>.fromOpaque(reader)
                unsafe count.pointee = unsafe object.takeUnretainedValue().read(
                    UnsafeMutableBufferPointer(start: buffer, count: size))
                return unsafe object.takeUnretainedValue().mayGoOn ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The next octets of the file; how many there are.
    private func read(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let count = unsafe fread(buffer.baseAddress, 1, buffer.count, file)
        unsafe hash.combine(buffer.prefix(count))
        progress?.amountDone += count
        gap += count
        return count
    }

    /// Whether the file could be read, and what was read is no more than a file in earnest has.
    private var mayGoOn: Bool {
        let mark = YAMLMark(unsafe parser.pointee.mark)
        let directives = unsafe parser.pointee.tag_directives
        if unsafe directives.top - directives.start > Self.maximumDirectives {
            excess = YAMLError(mark, "more than \(Self.maximumDirectives) directives (%TAG)")
        } else if gap > Self.maximumGap {
            excess = YAMLError(
                mark, "a text or comment of more than \(Self.maximumGap) octets begins before here",
                expected: "at most \(Self.maximumScalarLength) octets in a text")
        }
        return unsafe excess == nil && ferror(file) == 0
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe fclose(file)
    }

    /// The next event. After `.end` there are no more.
    func next() throws(YAMLError) -> YAMLEvent {
        while true {
            if let event = try parse() { return event }
        }
    }

    /// One event of libyaml's; nil for those that carry nothing.
    private func parse() throws(YAMLError) -> YAMLEvent? {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw excess ?? syntaxError() }
        gap = 0
        defer { unsafe yaml_event_delete(&event) }
        let mark = YAMLMark(unsafe event.start_mark)
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let data = unsafe event.data.scalar
            try unsafe refuse(anchor: data.anchor, tag: data.tag, mark)
            let octets = unsafe UnsafeBufferPointer(start: data.value, count: data.length)
            let isPlain = unsafe data.style == YAML_PLAIN_SCALAR_STYLE
            return .scalar(try unsafe scalar(octets, isPlain: isPlain, mark))
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            try unsafe refuse(anchor: start.anchor, tag: start.tag, mark)
            return .mappingStart(mark)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            try unsafe refuse(anchor: start.anchor, tag: start.tag, mark)
            return .sequenceStart(mark)
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_STREAM_END_EVENT: return .end
        case YAML_ALIAS_EVENT:
            throw YAMLError(
                mark, "an alias (*\(unsafe Self.text(event.data.alias.anchor)))",
                expected: "the value itself; if \"*\" is a name, write it in quotes: '*'")
        case YAML_DOCUMENT_START_EVENT:
            documentCount += 1
            guard documentCount <= maximumDocuments else {
                throw YAMLError(
                    mark, maximumDocuments == 1 ? "a second document" : "too many documents",
                    expected: maximumDocuments == 1
                        ? "one document in a file" : "at most \(maximumDocuments)")
            }
            return nil
        default: return nil
        }
    }

    private func scalar(
        _ octets: UnsafeBufferPointer<yaml_char_t>, isPlain: Bool, _ mark: YAMLMark
    ) throws(YAMLError) -> YAMLScalar {
        guard octets.count <= Self.maximumScalarLength else {
            throw YAMLError(
                mark, "a text of \(octets.count) octets",
                expected: "at most \(Self.maximumScalarLength) octets")
        }
        let text = unsafe String(decoding: octets, as: UTF8.self)
        return YAMLScalar(text: text, isPlain: isPlain, mark: mark)
    }

    private func refuse(
        anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?,
        _ mark: YAMLMark
    ) throws(YAMLError) {
        if let anchor = unsafe anchor {
            throw YAMLError(
                mark, "an anchor (&\(unsafe Self.text(anchor)))",
                expected: "no anchors: an alias is not followed, so write each value out")
        }
        guard let pointer = unsafe tag else { return }
        let tag = unsafe Self.text(pointer)
        guard Self.knownTags.contains(tag) else {
            throw YAMLError(mark, "the tag \(tag.quoted)", expected: "no tag")
        }
    }

    /// The tags of YAML's own schema that change nothing here: every scalar is read as text.
    private static let knownTags = Set(
        ["str", "int", "float", "bool", "null", "map", "seq"].map { "tag:yaml.org,2002:\($0)" })

    private static func text(_ pointer: UnsafePointer<yaml_char_t>) -> String {
        unsafe String(cString: pointer)
    }

    // MARK: Errors

    /// What libyaml says, in our words.
    private func syntaxError() -> YAMLError {
        let state = unsafe parser.pointee
        let problem = unsafe state.problem.map { unsafe String(cString: $0) } ?? "out of memory"
        guard unsafe state.error != YAML_READER_ERROR else {
            let mark = unsafe self.mark(ofOctet: state.problem_offset)
            return YAMLError(mark, "bad text: \(problem)", expected: "printable UTF-8")
        }
        return YAMLSyntaxError(
            problem: problem, mark: YAMLMark(unsafe state.problem_mark),
            context: unsafe state.context.map { unsafe String(cString: $0) },
            contextMark: YAMLMark(unsafe state.context_mark),
            // The next octet of what libyaml has decoded, which ends with a zero.
            character: unsafe state.buffer.pointer.map { unsafe Unicode.Scalar($0.pointee) } ?? " "
        ).error
    }

    /// The place of an octet, for which the file is read once more: what libyaml cannot decode is
    /// ahead of what it has parsed.
    private func mark(ofOctet offset: Int) -> YAMLMark {
        unsafe rewind(file)
        var (line, column) = (1, 1)
        for _ in 0..<offset {
            let octet = unsafe fgetc(file)
            guard octet >= 0 else { break }
            if octet == 0x0a {
                (line, column) = (line + 1, 1)
            } else if octet & 0xc0 != 0x80 {
                column += 1
            }
        }
        return YAMLMark(line: line, column: column)
    }

    private static func open(_ path: String) throws(YAMLError) -> UnsafeMutablePointer<FILE> {
        let descriptor = try RegularFile.open(path, maximumSize: maximumSize)
        guard let file = unsafe fdopen(descriptor, "r") else {
            defer { close(descriptor) }
            throw RegularFile.systemError()
        }
        return unsafe file
    }
}

extension YAMLMark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
