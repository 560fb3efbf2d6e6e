import Foundation
import Glibc
import Synchronization

/// A tool at the control socket that speaks its protocol itself.
final class ControlSocket: Sendable {
    private let socket: Socket
    private let input = Mutex<[UInt8]>([])

    init(path: String) throws {
        let descriptor = Glibc.socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("socket") }
        socket = Socket(accepted: descriptor)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SocketError("connect \(path)") }
    }

    func send(_ text: String) throws { try send(octets: Array(text.utf8)) }

    func send(octets: [UInt8]) throws { try socket.send(octets) }

    /// The next line; nil when the server closes or says nothing in time.
    func line(timeout: Duration = .seconds(5)) -> String? {
        input.withLock { input in
            while true {
                if let end = input.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { input.removeSubrange(...end) }
                    return String(decoding: input[..<end], as: UTF8.self)
                }
                guard let more = try? socket.receive(timeout: timeout), !more.isEmpty else {
                    return nil
                }
                input += more
            }
        }
    }

    /// Says that nothing more will be asked, as a pipe's end does.
    func closeHalf() throws { try socket.closeHalf() }

    /// Whether the server closes, with nothing more to say.
    func isClosed() -> Bool {
        input.withLock(\.isEmpty) && (try? socket.receive(timeout: .seconds(1)))?.isEmpty == true
    }

    /// A request and all lines of its answer.
    func ask(_ request: String) throws -> [String] {
        try send(request + "\n")
        var lines: [String] = []
        while let line = line() {
            lines.append(line)
            if line == #"{"done":true}"# || line.hasPrefix(#"{"error":"#) { return lines }
        }
        throw Failure("no end of the answer to \(request): \(lines)")
    }
}

/// A line of JSON as a dictionary.
func object(_ line: String) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
    guard let object = value as? [String: Any] else { throw Failure("no object: \(line)") }
    return object
}

extension Server {
    /// A zone, two views and an upstream, with a control socket.
    static func controlled(_ upstream: ScriptedUpstream) throws -> Server {
        try Server(
            """
            control: control.sock
            zones: {lab.example: {records: {"*": 192.0.2.10}}}
            views:
              lan: {clients: [127.0.0.0/16]}
              guest: {clients: [127.9.0.0/16], zones: []}
            forward: {.: {to: ["127.0.0.1:\(upstream.port)"]}}

            """)
    }

    /// Where the configurations of the control socket's tests have it.
    var controlPath: String { directory.file("control.sock") }

    /// Runs one of the program's commands against this server.
    func command(_ arguments: String...) throws -> (output: String, status: ChildProcess.ExitStatus)
    {
        try run([try Self.binary] + arguments + ["--control", controlPath])
    }

    /// Starts a command that goes on, and writes to a file of the server's directory.
    func follow(_ arguments: String..., to file: String) throws -> ChildProcess {
        try ChildProcess(
            [try Self.binary] + arguments + ["--control", controlPath],
            output: directory.file(file))
    }
}
