import Foundation
import Glibc

/// What came back from the admin pages.
struct AdminResponse {
    let status: Int
    /// In small letters.
    let headers: [String: String]
    let body: String

    init?(_ octets: [UInt8]) {
        let text = String(decoding: octets, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count > 1, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            return nil
        }
        self.status = status
        headers = lines.dropFirst().reduce(into: [:]) { headers, line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            headers[line[..<colon].lowercased()] =
                line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
        }
        body = String(text[end.upperBound...])
    }

    func json() throws -> [String: Any] {
        try object(body)
    }
}

/// Speaks HTTP to a server's admin pages as raw octets, so that it can say what a good client would not.
struct AdminClient {
    let port: UInt16
    /// Runs as long as there is a client; nil where the test keeps it.
    var server: Server?

    func connect() throws -> Socket {
        let socket = try Socket(.tcp, local: Endpoint(port: 0))
        try socket.connect(to: Endpoint(port: port))
        return socket
    }

    /// Sends `octets`, and gives all that comes until the server closes.
    func exchange(_ octets: [UInt8], timeout: Duration = .seconds(10)) throws -> [UInt8] {
        let socket = try connect()
        try socket.send(octets)
        return try socket.receiveAll(timeout: timeout)
    }

    /// Asks as curl does, and once.
    func ask(
        _ path: String, method: String = "GET", host: String? = nil, headers: [String] = [],
        body: String = ""
    ) throws -> AdminResponse {
        let lines =
            ["\(method) \(path) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")"]
            + ["Connection: close"] + headers
            + (body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"])
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
        let octets = try exchange(Array(text.utf8))
        guard let response = AdminResponse(octets) else {
            throw Failure("no response: \(String(decoding: octets, as: UTF8.self))")
        }
        return response
    }

    /// Asks at a Unix socket, with curl.
    static func ask(socket path: String, _ arguments: String...) throws -> (
        status: Int, body: String
    ) {
        let (output, _) = try run(
            ["/usr/bin/curl", "-s", "--unix-socket", path, "-w", "\n%{http_code}"] + arguments)
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }
}

extension Socket {
    /// All octets until the other side closes.
    func receiveAll(timeout: Duration) throws -> [UInt8] {
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while try waitUntilReadable(timeout) {
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return octets }
            octets += chunk[..<count]
        }
        throw Failure("the server did not close; it sent \(octets.count) octets")
    }
}
