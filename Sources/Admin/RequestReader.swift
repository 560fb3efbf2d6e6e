import FlyingFox
import FlyingSocks
import Foundation

/// Reads the requests of a connection, one after the other (RFC 9112), and no more of each than
/// `AdminLimits` allow. (FlyingFox's own decoder reads a head without an end.)
struct RequestReader {
    private let socket: AsyncSocket
    private let wait: SocketWait
    /// What was read and belongs to no request yet.
    private var octets: [UInt8] = []

    private static let chunk = 4_096

    init(_ socket: AsyncSocket, _ wait: SocketWait) {
        self.socket = socket
        self.wait = wait
    }

    /// The next request; nil when the client has closed. Throws a `RequestError` when something else than
    /// a request was sent.
    mutating func next() async throws -> HTTPRequest? {
        if octets.isEmpty {
            wait.allow(seconds: AdminLimits.idleSeconds)
            guard try await fill() else { return nil }
        }
        wait.allow(seconds: AdminLimits.requestSeconds)
        guard let head = try await head() else { return nil }
        let request = try RequestHead(head)
        let length = try request.bodyLength(atMost: AdminLimits.bodyOctets)
        while octets.count < length {
            guard try await fill() else { return nil }
        }
        let body = Data(octets.prefix(length))
        octets.removeFirst(length)
        return request.request(body: body, from: try? socket.socket.remotePeer())
    }

    /// Takes the octets up to the empty line.
    private mutating func head() async throws -> [UInt8]? {
        var searched = 0
        while true {
            let blank = octets.prefix { $0 == 0x0d || $0 == 0x0a }
            guard blank.count <= AdminLimits.emptyLineOctets else {
                throw RequestError(400, "no request line")
            }
            // A carriage return alone is no line.
            let empty = blank.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
            if let end = Self.endOfHead(octets, from: max(empty, searched)) {
                defer { octets.removeFirst(end) }
                guard end <= AdminLimits.headOctets else { throw Self.tooLarge(octets) }
                return Array(octets[empty..<end])
            }
            guard octets.count <= AdminLimits.headOctets else { throw Self.tooLarge(octets) }
            searched = max(0, octets.count - 3)
            guard try await fill() else { return nil }
        }
    }

    /// The index behind the first empty line, of which neither end may have a carriage return.
    private static func endOfHead(_ octets: [UInt8], from start: Int) -> Int? {
        guard start < octets.count else { return nil }
        for index in start..<octets.count where octets[index] == 0x0a {
            let next = index + 1
            if next < octets.count, octets[next] == 0x0a { return next + 1 }
            if next + 1 < octets.count, octets[next] == 0x0d, octets[next + 1] == 0x0a {
                return next + 2
            }
        }
        return nil
    }

    private static func tooLarge(_ octets: [UInt8]) -> RequestError {
        octets.contains(0x0a)
            ? RequestError(431, "the head of the request is too large")
            : RequestError(414, "the address is too long")
    }

    /// Reads what is there; false at the end. Who sends without a pause is never waited for, so it is looked
    /// here, too, whether the connection is to end.
    private mutating func fill() async throws -> Bool {
        guard !wait.isOver else { throw SocketWait.Over() }
        do {
            octets += try await socket.read(atMost: Self.chunk)
            return true
        } catch SocketError.disconnected {
            return false
        }
    }

    /// Reads on and forgets it, while the client still sends.
    mutating func discard(atMost limit: Int) async throws {
        var count = 0
        while count < limit { count += try await socket.read(atMost: Self.chunk).count }
    }
}
