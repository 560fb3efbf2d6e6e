import Foundation

/// What tools and the server say to each other on the control socket, one JSON object a line: the
/// tool `{"version":1,"command":"flush",…}`, the server lines of the command's own form, and at the end
/// `{"done":true}` or `{"error":"…"}`. Then the tool may ask again.
enum ControlProtocol {
    /// To be raised when an older server would take a request for another.
    static let version = 1
    /// A request is a few names.
    static let maximumRequest = 8192

    /// What every request begins with.
    struct Header: Codable, Sendable {
        let version: Int
        let command: String

        static let keys = ["version", "command"]
    }

    /// The last line of an answer.
    struct End: Codable, Sendable {
        var done: Bool?
        var error: String?
    }

    static func request(_ request: some ControlRequest) -> Data {
        line(Numbered(request: request))
    }

    /// A value as a line. Encoding of these types does not fail.
    static func line(_ value: some Encodable) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ((try? encoder.encode(value)) ?? Data("{}".utf8)) + Data("\n".utf8)
    }

    /// A request's own fields beside those of the header.
    private struct Numbered<Request: ControlRequest>: Encodable {
        let request: Request

        func encode(to encoder: any Encoder) throws {
            try Header(version: version, command: Request.command).encode(to: encoder)
            try request.encode(to: encoder)
        }
    }
}

/// What a tool asks for: the fields that its command has.
protocol ControlRequest: Codable, Sendable {
    static var command: String { get }
    /// Its own fields; others are refused.
    static var keys: [String] { get }
    /// How long the server may be silent, in seconds; nil for any time.
    var patience: Int? { get }
    /// What a line of the answer holds: at least one field that must be there, and none of those of
    /// the last line.
    associatedtype Line: Codable & Sendable
}

extension ControlRequest {
    /// Far longer than any server in order takes for what it has at hand.
    static var usualPatience: Int { 10 }
    var patience: Int? { Self.usualPatience }
}
