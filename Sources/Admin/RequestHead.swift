import FlyingFox
import FlyingSocks
import Foundation

/// The request line and the fields of a request.
package struct RequestHead {
    private let method: HTTPMethod
    private let version: HTTPVersion
    private let target: HTTPRequest.Target
    private let headers: HTTPHeaders

    /// Fields that decide something: two of one kind could be read in two ways.
    private static let single: [HTTPHeader] = [
        .host, .contentLength, .authorization, .origin, .secFetchSite,
        .secFetchMode, .secFetchDest,
    ]

    /// Takes apart the octets of a head, with the empty line at its end or without.
    package init(_ octets: [UInt8]) throws(RequestError) {
        var lines = try Self.lines(octets)[...]
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

    package func bodyLength(atMost limit: Int) throws(RequestError) -> Int {
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

    /// A line ends with LF, and one CR before it is part of the end (RFC 9112 §2.2). Nothing else ends one,
    /// whatever Unicode says of it: a proxy in front takes it for a part of the line, and what follows for
    /// no field.
    private static func lines(_ octets: [UInt8]) throws(RequestError) -> [String] {
        var lines: [String] = []
        for line in octets.split(separator: lineFeed) {
            let line = line.last == carriageReturn ? line.dropLast() : line
            guard line.allSatisfy(mayStand), let text = String(validating: line, as: UTF8.self)
            else { throw RequestError(400, "control characters in the head of the request") }
            if !text.isEmpty { lines.append(text) }
        }
        return lines
    }

    private static func headers(_ lines: ArraySlice<String>) throws(RequestError) -> HTTPHeaders {
        guard lines.count <= AdminLimits.fields else {
            throw RequestError(431, "a head has at most \(AdminLimits.fields) fields here")
        }
        var headers = HTTPHeaders()
        for line in lines {
            let parts = line.utf8.split(
                separator: colon, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, isToken(Substring(parts[0])) else {
                throw RequestError(400, "a field of the head is no NAME: VALUE")
            }
            let header = HTTPHeader(String(Substring(parts[0])))
            guard headers[header] == nil || !single.contains(header) else {
                throw RequestError(400, "two fields \(header.rawValue)")
            }
            headers.addValue(trimmed(parts[1]), for: header)
        }
        return headers
    }

    /// Without SP and HTAB at its ends: no other space is one of HTTP's.
    private static func trimmed(_ value: Substring.UTF8View) -> String {
        let start = value.drop(while: isSpace)
        let end = start.lastIndex { !isSpace($0) }
        return end.map { String(Substring(start[...$0])) } ?? ""
    }

    private static let lineFeed: UInt8 = 0x0a
    private static let carriageReturn: UInt8 = 0x0d
    private static let colon: UInt8 = 0x3a

    private static func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

    /// A path with a query or without. Only a proxy is sent a whole address.
    private static func target(_ text: Substring) throws(RequestError) -> HTTPRequest.Target {
        guard text.hasPrefix("/"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw RequestError(400, "the address of a request begins with /")
        }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return HTTPRequest.Target(
            path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "")
    }

    private static func mayStand(_ octet: UInt8) -> Bool {
        octet >= 0x20 && octet != 0x7f || octet == 0x09
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
    static let secFetchDest = HTTPHeader("Sec-Fetch-Dest")
}
