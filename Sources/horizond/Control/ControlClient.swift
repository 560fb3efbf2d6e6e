import Foundation
import Glibc

/// A tool's side of the control socket.
struct ControlClient {
    let path: String

    /// Why a request came to nothing, for the person who asked.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        /// Whether no server is there, or none any more.
        let isWithoutServer: Bool
        /// Whether one is there that does not answer.
        let isSilence: Bool

        init(_ description: String, isWithoutServer: Bool = false, isSilence: Bool = false) {
            self.description = description
            self.isWithoutServer = isWithoutServer
            self.isSilence = isSilence
        }
    }

    /// Asks, says when it is `connected`, and gives each line of the answer, also as it came, to `take`.
    func ask<Request: ControlRequest>(
        _ request: Request, connected: () -> Void = {},
        _ take: (_ line: Request.Line, _ text: Data) throws -> Void
    ) throws {
        let descriptor = try connect()
        defer { close(descriptor) }
        var lines = LineReader(descriptor)
        // Who may take long is asked for a sign of life before.
        if request.patience != StatisticsRequest.usualPatience {
            try ask(StatisticsRequest(), descriptor, &lines) { _, _ in }
        }
        connected()
        try ask(request, descriptor, &lines, take)
    }

    private func ask<Request: ControlRequest>(
        _ request: Request, _ descriptor: Int32, _ lines: inout LineReader,
        _ take: (_ line: Request.Line, _ text: Data) throws -> Void
    ) throws {
        try send(ControlProtocol.request(request), descriptor)
        lines.patience = request.patience
        while let line = try next(&lines) {
            if let value = try? JSONDecoder().decode(Request.Line.self, from: line) {
                try take(value, line)
                continue
            }
            guard let end = try? JSONDecoder().decode(ControlProtocol.End.self, from: line) else {
                throw Failure("the server at \(path) answers what this program does not know")
            }
            guard let error = end.error else { return }
            throw Failure(error)
        }
        throw Failure("the server has closed the connection", isWithoutServer: true)
    }

    private func next(_ lines: inout LineReader) throws(Failure) -> Data? {
        do throws(LineReader.Failure) {
            return try lines.next()
        } catch {
            switch error {
            case .connection(let failure): throw Failure("the connection failed: \(failure)")
            case .silence(let seconds): throw silence("for \(seconds) seconds")
            }
        }
    }

    /// A process that is stopped or hangs keeps its socket.
    private func silence(_ time: String) -> Failure {
        Failure(
            "the server at \(path) says nothing \(time): it is stopped, or it hangs; `systemctl restart "
                + "horizond` starts it anew", isSilence: true)
    }

    private func connect() throws(Failure) -> Int32 {
        do throws(UnixSocket.Failure) {
            return try UnixSocket.connect(to: path)
        } catch {
            // Nobody takes the connections that wait.
            if error.number == EAGAIN { throw silence("to those who ask") }
            throw Failure(
                explain(error), isWithoutServer: [ENOENT, ECONNREFUSED].contains(error.number))
        }
    }

    private func explain(_ failure: UnixSocket.Failure) -> String {
        switch failure.number {
        case ECONNREFUSED where UnixSocket.file(at: path)?.isSocket == false:
            return "\(path) is no socket, so that no server can be asked there (--control)"
        case ENOENT, ECONNREFUSED:
            return
                "no server at \(path): it does not run, its configuration says `control: off`, or "
                + "its socket is elsewhere (--control); without systemd the configuration must name "
                + "one, by `control: PATH`"
        case EACCES, EPERM:
            let file = UnixSocket.file(at: path)
            guard file?.group != 0 else {
                return "not permitted: \(path) is for root alone (use sudo)"
            }
            let group = file.flatMap { UnixSocket.groupName($0.group) }
            let name = group ?? "horizond"
            return "not permitted: \(path) is for root and the group \(name) (sudo usermod -aG "
                + "\(name) $USER, then log in again)"
        default:
            return "cannot connect to \(path): \(failure)"
        }
    }

    private func send(_ request: Data, _ descriptor: Int32) throws(Failure) {
        let octets = [UInt8](request)
        var sent = 0
        while sent < octets.count {
            switch UnixSocket.write(descriptor, octets, from: sent) {
            case .done(let count): sent += count
            case .wouldBlock: _ = UnixSocket.wait(descriptor, toWrite: true)
            // What the server said before it closed is to be read.
            case .failed: return
            }
        }
    }

    /// Lines as they come.
    private struct LineReader {
        /// How long the server may be silent, in seconds; nil for any time.
        var patience: Int?
        private let descriptor: Int32
        private var input: [UInt8] = []
        /// Up to here there is no end of a line.
        private var searched = 0
        private var start = 0
        private var buffer = [UInt8](repeating: 0, count: 65_536)

        enum Failure: Error {
            case connection(UnixSocket.Failure)
            /// For so many seconds.
            case silence(Int)
        }

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        /// The next line without its end; nil when the server has closed.
        mutating func next() throws(Failure) -> Data? {
            while true {
                if let end = input[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                    defer {
                        start = end + 1
                        searched = start
                    }
                    return Data(input[start..<end])
                }
                input.removeFirst(start)
                start = 0
                searched = input.count
                switch UnixSocket.read(descriptor, into: &buffer) {
                case .done(0): return nil
                case .done(let count): input += buffer[..<count]
                case .wouldBlock:
                    let hasCome = UnixSocket.wait(descriptor, seconds: patience)
                    if !hasCome { throw .silence(patience ?? 0) }
                case .failed(let failure): throw .connection(failure)
                }
            }
        }
    }
}
