/// What is fuzzed: each target takes arbitrary octets and says whether what came of them was right.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case messageReader = "MessageReader"
    case query = "Query"
    case serviceBinding = "ServiceBinding"
    case namePresentation = "NamePresentation"
    case upstreamResponse = "UpstreamResponse"
    case cacheFile = "CacheFile"
    case zoneYAML = "ZoneYAML"
    case configurationYAML = "ConfigurationYAML"
    case resolvConf = "ResolvConf"
    case `import` = "Import"
    case requestHead = "RequestHead"
    case interfaceMessage = "InterfaceMessage"

    /// Runs the target on one input. A trap is a finding as much as a `Finding` is.
    package func run(_ input: [UInt8]) throws(Finding) {
        switch self {
        case .messageReader: try fuzzMessageReader(input)
        case .query: try fuzzQuery(input)
        case .serviceBinding: try fuzzServiceBinding(input)
        case .namePresentation: try fuzzNamePresentation(input)
        case .upstreamResponse: try fuzzUpstreamResponse(input)
        case .cacheFile: try fuzzCacheFile(input)
        case .zoneYAML: try fuzzZoneYAML(input)
        case .configurationYAML: try fuzzConfigurationYAML(input)
        case .resolvConf: try fuzzResolvConf(input)
        case .import: try fuzzImport(input)
        case .requestHead: try fuzzRequestHead(input)
        case .interfaceMessage: try fuzzInterfaceMessage(input)
        }
    }
}

/// Something that must never happen, in words.
package struct Finding: Error, CustomStringConvertible, Sendable {
    package let description: String

    init(_ description: String) { self.description = description }
}

func require(
    _ condition: Bool, _ finding: @autoclosure () -> String
) throws(Finding) {
    guard condition else { throw Finding(finding()) }
}

/// Hexadecimal digits of octets, as the vectors of the tests have them.
func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
    octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The first octets of an input choose among fixed things; the rest is what is read.
struct Choices {
    private(set) var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) { rest = input[...] }

    /// The next octet; 0 when there are no more.
    mutating func octet() -> UInt8 { rest.popFirst() ?? 0 }

    /// One of `options`.
    mutating func pick<Option>(_ options: [Option]) -> Option {
        options[Int(octet()) % options.count]
    }
}
