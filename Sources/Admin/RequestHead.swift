import FlyingFox
import FlyingSocks
import Foundation

/// The request line and the fields of a request.
struct RequestHead {
    private let method: HTTPMethod
    private let version: HTTPVersion
    private let target: HTTPRequest.Target
    private let headers: HTTPHeaders

    /// Fields that decide something: two of one kind could be read in two ways.
    private static let single: [HTTPHeader] = [
        .host, .contentLength, .authorization, .origin, .secFetchSite,
        .secFetchMode,
    ]

    /// Takes apart the octets of a head, with the empty line at its end or without.
    init(_ octets: [UInt8]) throws(RequestError) {
        guard let text = String(validating: octets, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ Self.mayStand($0) })
        else { throw RequestError(400, "control characters in the head of the request") }
        var lines = text.split(whereSeparator: \.isNewline)[...]
        let words = (lines.popFirst() ?? "").split(
            separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, Self.isToken(words[0]) else {
            throw RequestError(400, "no request line")
        }
        guard words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
            throw RequestError(505, "not HTTP/1.1")
        }
        method = HTTPMethod(rawValue: String(words[0]))
        version = HTTPVersion(String(words[2]))
        headers = try Self.headers(lines)
        guard version != .http11 || headers[.host] != nil else {
            throw RequestError(400, "no Host field")
        }
        target = try Self.target(words[1])
    }

    func request(body: Data, from client: Socket.Address?) -> HTTPRequest {
        HTTPRequest(
            method: method, version: version, target: target, headers: headers,
            body: HTTPBodySequence(data: body),
            remoteAddress: client.map { HTTPRequest.Address.make(from: $0) })
    }

    func bodyLength(atMost limit: Int) throws(RequestError) -> Int {
        guard headers[.transferEncoding] == nil else {
            throw RequestError(411, "a body needs a Content-Length here")
        }
        guard let text = headers[.contentLength] else { return 0 }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !text.isEmpty else {
            throw RequestError(400, "bad Content-Length")
        }
        guard let length = Int(text), length <= limit else {
            throw RequestError(413, "a body has at most \(limit) octets here")
        }
        return length
    }

    private static func headers(_ lines: ArraySlice<Substring>) throws(RequestError) -> HTTPHeaders
    {
        var headers = HTTPHeaders()
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), isToken(line[..<colon]) else {
                throw RequestError(400, "a field of the head is no NAME: VALUE")
            }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            let header = HTTPHeader(String(line[..<colon]))
            guard headers[header] == nil || !single.contains(header) else {
                throw RequestError(400, "two fields \(header.rawValue)")
            }
            headers.addValue(value, for: header)
        }
        return headers
    }

    /// A path with a query or without. Only a proxy is sent a whole address.
    private static func target(_ text: Substring) throws(RequestError) -> HTTPRequest.Target {
        guard text.hasPrefix("/"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw RequestError(400, "the address of a request begins with /")
        }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return HTTPRequest.Target(
            path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "")
    }

    private static func mayStand(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x20 && scalar.value != 0x7f || "\t\r\n".unicodeScalars.contains(scalar)
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { octet in
                (0x61...0x7a).contains(octet | 0x20) && octet >= 0x41
                    || (0x30...0x39).contains(octet)
                    || "!#$%&'*+-.^_`|~".utf8.contains(octet)
            }
    }
}

extension HTTPHeader {
    static let origin = HTTPHeader("Origin")
    static let secFetchSite = HTTPHeader("Sec-Fetch-Site")
    static let secFetchMode = HTTPHeader("Sec-Fetch-Mode")
}
