import FlyingFox
import FlyingSocks
import Foundation
import Testing

@testable import Admin

@Suite("Request heads")
struct RequestHeadTests {
    private static func request(_ text: String) throws(RequestError) -> HTTPRequest {
        try RequestHead(Array(text.utf8)).request(body: Data(), from: nil)
    }

    private static func status(_ octets: [UInt8]) -> Int? {
        do throws(RequestError) {
            _ = try RequestHead(octets).bodyLength(atMost: 100)
            return nil
        } catch {
            return error.status
        }
    }

    @Test("A browser's request, with either end of lines", arguments: ["\r\n", "\n"])
    func good(end: String) throws {
        let lines = [
            "GET /api/top?count=5&a=%2F HTTP/1.1", "Host: localhost:8053", "accept: */*",
            "X-A:  b\t", "Cookie: a=b; c=\u{e9}",
        ]
        let request = try Self.request(lines.joined(separator: end) + end + end)
        #expect(request.method == .GET && request.version == .http11)
        #expect(request.target.path() == "/api/top")
        #expect(request.target.query() == "count=5&a=%2F")
        #expect(request.headers[.host] == "localhost:8053")
        #expect(request.headers[HTTPHeader("x-a")] == "b")
    }

    @Test(
        "Nothing but a line feed ends a line",
        arguments: ["\u{85}", "\u{2028}", "\u{2029}"])
    func otherLineEnds(end: String) throws {
        let request = try Self.request(
            "GET / HTTP/1.1\r\nX: a\(end)Authorization: Bearer b\r\nHost: a\r\n\r\n")
        #expect(request.headers[.authorization] == nil)
        #expect(request.headers[HTTPHeader("X")] == "a\(end)Authorization: Bearer b")
    }

    @Test("Spaces at the ends of a value are SP and HTAB, and no others of Unicode")
    func otherSpaces() throws {
        let request = try Self.request(
            "GET / HTTP/1.1\r\nHost:\t a\u{a0} \r\nX: \t \r\nY:\u{301}\r\n\r\n")
        #expect(request.headers[.host] == "a\u{a0}")
        #expect(request.headers[HTTPHeader("X")] == "")
        #expect(request.headers[HTTPHeader("Y")] == "\u{301}")
    }

    @Test("A carriage return stands before a line feed, once, or nowhere")
    func bareCarriageReturn() {
        for text in [
            "GET / HTTP/1.1\r\nX: a\rAuthorization: b\r\nHost: a\r\n",
            "GET / HTTP/1.1\rHost: a\r\n", "GET / HTTP/1.1\r\nHost: a\r\r\n",
            "\rGET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n",
        ] {
            #expect(Self.status(Array(text.utf8)) == 400, "\(text.debugDescription)")
        }
    }

    @Test("A head with too many fields is not taken apart")
    func fields() {
        func head(_ count: Int) -> [UInt8] {
            let lines = "X: a\r\n" + String(repeating: "Y: a\r\n", count: count - 2)
            return Array(("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n").utf8)
        }
        #expect(Self.status(head(AdminLimits.fields)) == nil)
        #expect(Self.status(head(AdminLimits.fields + 1)) == 431)
        #expect(Self.status(head(2_500)) == 431)
    }

    @Test("HTTP/1.0 needs no Host")
    func oldVersion() throws {
        let request = try Self.request("GET / HTTP/1.0\r\n\r\n")
        #expect(request.headers[.host] == nil)
    }

    @Test(
        "What is no request is a small number",
        arguments: [
            ("", 400), ("GET\r\n", 400), ("GET /\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n", 400),
            (" GET / HTTP/1.1\r\nHost: a\r\n", 400), ("G@T / HTTP/1.1\r\nHost: a\r\n", 400),
            ("GET / HTTP/2\r\nHost: a\r\n", 505), ("GET / http/1.1\r\nHost: a\r\n", 505),
            ("GET / HTTP/1.1\r\n", 400), ("GET a HTTP/1.1\r\nHost: a\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\nHost: a\r\n", 400),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n", 400),
            ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n", 400), ("GET /\t HTTP/1.1\r\nHost: a\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nhost : b\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\u{0}\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\u{7f}\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n", 411),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n", 413),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400
            ),
        ])
    func bad(text: String, status: Int) {
        #expect(Self.status(Array(text.utf8)) == status)
    }

    @Test("Octets that are no text")
    func noText() {
        #expect(Self.status([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]) == 400)
        #expect(Self.status(Array("GET / HTTP/1.1\r\nHost: ".utf8) + [0xff, 0x0d, 0x0a]) == 400)
    }

    @Test("Any octets are a request or an error")
    func anything() {
        var generator = SystemRandomNumberGenerator()
        let words = [
            "GET ", "/ ", "HTTP/1.1", "\r\n", "\n", "\r", "Host: a", ":", " ", "\t", "\u{0}",
        ]
        for _ in 0..<2_000 {
            var octets: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<12, using: &generator) {
                if Bool.random(using: &generator) {
                    octets += Array((words.randomElement(using: &generator) ?? "").utf8)
                } else {
                    octets.append(UInt8.random(in: 0...255, using: &generator))
                }
            }
            let status = Self.status(octets)
            #expect([nil, 400, 411, 413, 505].contains(status))
        }
    }

    @Test(
        "Parameters of the query",
        arguments: [
            ("", [:]), ("a=1&b=2", ["a": "1", "b": "2"]), ("a=1&a=2", ["a": "1"]), ("a", ["a": ""]),
            ("a=%41+b%3D&&=c", ["a": "A b=", "": "c"]), ("a=b=c", ["a": "b=c"]),
            ("a=%zz", nil), ("%=1", nil), ("a=%ff", nil),
        ] as [(String, [String: String]?)])
    func parameters(query: String, expected: [String: String]?) {
        #expect(AdminHandler.parameters(query) == expected)
    }
}
