import Configuration
import DNS
import Logging
import Nameserver

/// What a line of the log is about. Each kind has an ID of its own, by which the journal finds it:
/// `journalctl MESSAGE_ID=…`. The README lists them; they never change.
enum EventKind: String, CaseIterable {
    case serving = "4b2d73846e5a492c90b9ad4d5685089d"
    case stopping = "8470d227b0e6489399f0b7880d78feb5"
    case reloaded = "bb9228b8f59c4cce9521af6e67d9c4b3"
    case reloadFailed = "9bab256b98da4e50876071d7d590295b"
    case configurationError = "5e488af4e3ee4e4aa07b56b7e6eb73dc"
    case configurationWarning = "81b833014f7840ec9506a8fc3bc9dea7"
    case query = "93223232c480470fb0554699dcdb5bb2"
    case queryFailed = "7a8387dc51f943388ee6aeafbabfd0d9"
    case upstreamFails = "fce5963627c34f728239825c00938322"
    case loopFound = "af97dd58ccfa4315b66a97534f286821"
    case loopEnded = "edbce6a6fe5c42f89aefc6c3e4036631"
    case bypass = "da205c9b422441e7b4180958f13bb119"
    case nameservers = "2443a5e893a94349bb254e78d01764ea"
    case statistics = "5fedf09af680437aac98fba627c0cb7e"
    case listening = "653688ec29344f659b545d39b4ab7c48"
    case interfaces = "98e39450169240749e2961358b681715"
    case control = "9b0953114d0a4729a11f2f88a59b8e16"
    case admin = "f2afd8e00d5845fdaa6b2395750ab639"
    case cacheFile = "fe927091ba71438aad0ded933f21b5a4"
    case audit = "76a5ee4950dc40d883b18e1a39c37dcc"
    case descriptors = "0e6c1b94d3a84c7fb5d9f8f2a61e7043"
    case memory = "5d0c8a5f7b1e4b6f9a3d2e61c07f48b2"
    case querySink = "c2a9f3b07d6e4c51a8f4e0d91b3a7c65"
    case limited = "9e0f6d2b7a5c4d18b1f3c4a86e57d20c"
    case linesDropped = "bc1f4cf100484f6ca9edf72e0de4d107"
    case privileges = "d3a1c7f05b7e4f0f9b6c2e8a417d9c52"
}

/// What a line of the log tells in fields of their own, as far as it is known.
struct EventFields: Sendable {
    /// The name of an event's kind among the metadata; the other names are those of fields.
    static let kindKey = "message-id"

    private(set) var metadata: Logger.Metadata

    init(_ kind: EventKind) { metadata = [Self.kindKey: "\(kind.rawValue)"] }

    init(
        _ kind: EventKind, name: DomainName? = nil, type: RRType? = nil, client: IPAddress? = nil,
        view: String? = nil, upstream: UpstreamAddress? = nil
    ) {
        self.init(kind)
        set("qname", name.map { $0.isRoot ? "." : String($0.description.dropLast()) })
        set("qtype", type)
        set("client", client)
        set("view", view)
        set("upstream", upstream)
    }

    /// A query and its answer.
    init(_ line: QueryLine) {
        self.init(.query)
        set("qname", line.name)
        set("qtype", line.type)
        set("client", line.client)
        set("view", line.view)
        set("upstream", line.upstream)
    }

    /// A mistake of the configuration, with its place.
    init(_ kind: EventKind, _ error: ConfigurationError) {
        self.init(kind)
        set("file", error.file)
        set("line", error.line)
    }

    private mutating func set(_ name: String, _ value: (some CustomStringConvertible)?) {
        if let value { metadata[name] = "\(value.description)" }
    }
}

extension Logger {
    func log(_ level: Level, _ text: String, _ fields: EventFields) {
        log(level: level, "\(text)", metadata: fields.metadata)
    }

    func notice(_ text: String, _ kind: EventKind) { log(.notice, text, EventFields(kind)) }
    func warning(_ text: String, _ kind: EventKind) { log(.warning, text, EventFields(kind)) }
    func error(_ text: String, _ kind: EventKind) { log(.error, text, EventFields(kind)) }

    /// A line for each mistake, as many as are worth reading.
    func report(_ errors: ConfigurationErrors) {
        for (error, line) in zip(errors.errors, errors.lines) {
            log(.error, line, EventFields(.configurationError, error))
        }
        // The last line says how many there are besides.
        for line in errors.lines.dropFirst(errors.errors.count) {
            error(line, .configurationError)
        }
    }

    func report(_ warnings: [ConfigurationError]) {
        for warning in warnings {
            log(.warning, "\(warning)", EventFields(.configurationWarning, warning))
        }
    }
}
