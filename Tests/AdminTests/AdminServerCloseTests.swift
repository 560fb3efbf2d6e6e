import FlyingSocks
import Foundation
import Testing

@testable import Admin

@Suite("A listener that goes")
struct AdminServerCloseTests {
    private let gate = Gate()
    private let server: AdminServer
    private let listener: AdminListener
    private let client: AsyncSocket

    init() async throws {
        let gate = gate
        server = AdminServer(
            [
                AdminRoute(.get, "/quick", .open) { _ in .text("quick") },
                AdminRoute(.get, "/slow", .open) { _ in
                    await gate.pass()
                    return .text("slow")
                },
            ], AdminAccess())
        listener = try AdminListener(ip: "127.0.0.1", port: 0, isLoopback: true)
        guard case .ip4(_, let port) = try listener.socket.sockname() else {
            throw AdminListener.Failure(description: "no port")
        }
        server.open(listener)
        let wait = SocketWait(queue: DispatchQueue(label: "client"))
        client = try await AsyncSocket.connected(
            to: sockaddr_in.inet(ip4: "127.0.0.1", port: port), pool: wait)
    }

    private func ask(_ path: String) async throws {
        try await client.write(Data("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    }

    /// All until the server closes.
    private func rest() async -> String {
        var octets: [UInt8] = []
        while let more = try? await client.read(atMost: 4_096) { octets += more }
        return String(decoding: octets, as: UTF8.self)
    }

    @Test("ends its connections on which nothing happens", .timeLimit(.minutes(1)))
    func idle() async throws {
        try await ask("/quick")
        let answer = String(decoding: try await client.read(atMost: 4_096), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && !answer.contains("Connection: close"))
        server.close(listener)
        #expect(await rest().isEmpty)
        try client.socket.close()
    }

    @Test("still answers what it was asked, and no more", .timeLimit(.minutes(1)))
    func answering() async throws {
        try await ask("/slow")
        await gate.wait(for: 1)
        server.close(listener)
        try await ask("/quick")
        gate.open()
        let answer = await rest()
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("\r\n\r\nslow\n"))
        #expect(answer.contains("Connection: close") && !answer.contains("quick"))
        try client.socket.close()
    }
}
