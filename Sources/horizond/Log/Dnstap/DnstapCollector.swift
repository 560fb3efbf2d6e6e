import DNS
import Glibc

/// A connection to a collector of dnstap at a Unix socket.
final class DnstapCollector: SinkWriter {
    /// A collector that reads nothing for so long is left, in seconds.
    private static let patience = 1

    private let path: String
    private var descriptor: Int32 = -1
    /// Whether the stream has begun, and what was sent ends with a whole frame.
    private var mayStop = false

    init(path: String) { self.path = path }

    deinit { close() }

    func open() throws(SinkFailure) {
        do throws(UnixSocket.Failure) {
            descriptor = try UnixSocket.connect(to: path)
        } catch {
            throw SinkFailure(error.description)
        }
        try send(FrameStream.control(.ready, contentType: DnstapFrame.contentType))
        let accepted = try readControl()
        guard accepted.control == .accept,
            accepted.contentTypes.isEmpty
                || accepted.contentTypes.contains(DnstapFrame.contentType)
        else { throw SinkFailure("what listens there takes no dnstap") }
        try send(FrameStream.control(.start, contentType: DnstapFrame.contentType))
        mayStop = true
    }

    func write(_ octets: [UInt8]) throws(SinkFailure) {
        // A collector that was restarted loses nothing.
        if UnixSocket.hasHungUp(descriptor) {
            disconnect()
            try open()
        }
        mayStop = false
        try send(octets)
        mayStop = true
    }

    /// Ends the stream, as far as the collector plays along.
    func close() {
        guard descriptor >= 0 else { return }
        if mayStop, (try? send(FrameStream.control(.stop))) != nil { _ = try? readControl() }
        disconnect()
    }

    private func disconnect() {
        _ = Glibc.close(descriptor)
        descriptor = -1
        mayStop = false
    }

    private func send(_ octets: [UInt8]) throws(SinkFailure) {
        var sent = 0
        while sent < octets.count {
            switch UnixSocket.write(descriptor, octets, from: sent) {
            case .done(let count): sent += count
            case .wouldBlock:
                guard UnixSocket.wait(descriptor, toWrite: true, seconds: Self.patience) else {
                    throw SinkFailure("the collector does not read", written: sent)
                }
            case .failed(let failure):
                throw SinkFailure(failure.description, written: sent)
            }
        }
    }

    private func readControl() throws(SinkFailure) -> (
        control: FrameStream.Control, contentTypes: [String]
    ) {
        let header = try receive(8)
        let length = Int(header.span.uint32(at: 4))
        guard header.span.uint32(at: 0) == 0, length <= FrameStream.maximumControlLength else {
            throw SinkFailure("what listens there does not speak Frame Streams")
        }
        let body = try receive(length)
        guard let control = FrameStream.readControl(body.span) else {
            throw SinkFailure("what listens there does not speak Frame Streams")
        }
        return control
    }

    private func receive(_ count: Int) throws(SinkFailure) -> [UInt8] {
        var octets: [UInt8] = []
        while octets.count < count {
            var buffer = [UInt8](repeating: 0, count: count - octets.count)
            switch UnixSocket.read(descriptor, into: &buffer) {
            case .done(0): throw SinkFailure("the collector closed the connection")
            case .done(let length): octets += buffer[..<length]
            case .wouldBlock:
                guard UnixSocket.wait(descriptor, seconds: Self.patience) else {
                    throw SinkFailure("the collector does not answer")
                }
            case .failed(let failure): throw SinkFailure(failure.description)
            }
        }
        return octets
    }
}
