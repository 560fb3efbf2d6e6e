import FlyingFox
import FlyingSocks
import Foundation

/// A connection to the admin pages: answers its requests in turn.
struct AdminConnection {
    private let socket: AsyncSocket
    private let wait: SocketWait
    private let reach: AdminListener.Reach
    private let handler: AdminHandler

    init(
        _ socket: Socket, over reach: AdminListener.Reach, _ wait: SocketWait,
        _ handler: AdminHandler
    ) throws {
        self.socket = try AsyncSocket(socket: socket, pool: wait)
        self.reach = reach
        self.wait = wait
        self.handler = handler
    }

    /// Until the client closes, is late or sends what is no request, or the listener goes.
    func serve() async throws {
        var reader = RequestReader(socket, wait)
        do {
            while let request = try await reader.next() {
                try wait.beginAnswer()
                let response = await handler.answer(request, over: reach)
                let isLast = !request.isPersistent || wait.isLeaving
                try await send(response, withBody: request.method != .HEAD, isLast: isLast)
                if isLast { break }
                wait.endAnswer()
            }
        } catch let error as RequestError {
            try await send(
                handler.response(.error(error.status, error.text)), withBody: true, isLast: true)
            // A connection that is closed with something unread loses what was sent.
            wait.allow(seconds: AdminLimits.lingerSeconds)
            _ = shutdown(socket.socket.file.rawValue, Int32(SHUT_WR))
            try await reader.discard(atMost: AdminLimits.lingerOctets)
        }
    }

    private func send(_ response: HTTPResponse, withBody: Bool, isLast: Bool) async throws {
        wait.allow(seconds: AdminLimits.writeSeconds)
        let body = try await response.bodyData
        var lines = ["HTTP/1.1 \(response.statusCode.code) \(response.statusCode.phrase)"]
        lines += response.headers.map { "\($0.key.rawValue): \($0.value)" }.sorted()
        lines.append("Content-Length: \(body.count)")
        if isLast { lines.append("Connection: close") }
        let head = Data(lines.joined(separator: "\r\n").utf8) + Data("\r\n\r\n".utf8)
        try await socket.write(withBody ? head + body : head)
    }
}

extension HTTPRequest {
    /// Whether another request may follow (RFC 9112 §9.3).
    fileprivate var isPersistent: Bool {
        let options = (headers[.connection] ?? "").lowercased().split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        return version == .http11 ? !options.contains("close") : false
    }
}
