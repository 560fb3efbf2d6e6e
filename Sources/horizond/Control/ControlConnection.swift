import Dispatch
import Foundation
import Glibc

/// A tool that is connected: its requests, one after the other. Touched on the control socket's queue
/// alone, but for what `ControlOutput` does.
///
/// @unchecked Sendable: other queues only carry it back there.
final class ControlConnection: @unchecked Sendable {
    /// A tool that neither asks nor reads for so long is gone. One whose command runs may stay.
    private static let idleLimit = DispatchTimeInterval.seconds(60)

    private let descriptor: Int32
    private let queue: DispatchQueue
    private let commands: [String: ControlCommand]
    private let user: UInt32?
    /// Called once, when the connection is over.
    private let closed: @Sendable (ControlConnection) -> Void
    private let readSource: any DispatchSourceRead
    private let writeSource: any DispatchSourceWrite
    private var isWriteAwaited = false
    private var output: ControlOutput?
    private var input: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: ControlProtocol.maximumRequest)
    private var exchange: ControlExchange?
    private var isClosed = false
    /// Whether the tool says nothing more; it may still want its answers.
    private var isAtEnd = false
    /// When something last showed that someone is there.
    private var signOfLifeAt = DispatchTime.now()

    init(
        _ descriptor: Int32, queue: DispatchQueue, commands: [String: ControlCommand],
        closed: @escaping @Sendable (ControlConnection) -> Void
    ) {
        self.descriptor = descriptor
        self.queue = queue
        self.commands = commands
        self.closed = closed
        user = UnixSocket.peerUser(descriptor)
        readSource = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        writeSource = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
    }

    func start() {
        output = ControlOutput(
            descriptor: descriptor,
            blocked: { [weak self] in self?.onQueue { $0.awaitWriting() } },
            broken: { [weak self] in self?.onQueue { $0.close() } })
        readSource.setEventHandler { [weak self] in self?.read() }
        writeSource.setEventHandler { [weak self] in self?.continueWriting() }
        // The descriptor is closed when Dispatch has let go of it twice.
        let released = DispatchGroup()
        for _ in 0..<2 { released.enter() }
        readSource.setCancelHandler { released.leave() }
        writeSource.setCancelHandler { released.leave() }
        released.notify(queue: queue) { [descriptor] in _ = Glibc.close(descriptor) }
        readSource.activate()
        writeSource.activate()
        // It is ready from the start, and of use only once it was not.
        writeSource.suspend()
        watchForIdleness()
    }

    /// Ends the connection; what its command still writes goes nowhere.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        output?.close()
        readSource.cancel()
        writeSource.cancel()
        // A suspended source is never done.
        if !isWriteAwaited { writeSource.resume() }
        if isAtEnd { readSource.resume() }
        exchange?.cancel()
        exchange = nil
        closed(self)
    }

    /// Tells a tool that it cannot be served, and closes.
    func refuse(_ reason: String) {
        output?.write(ControlProtocol.line(ControlProtocol.End(error: reason)))
        close()
    }

    private func onQueue(_ body: @escaping @Sendable (ControlConnection) -> Void) {
        queue.async { [self] in body(self) }
    }

    // MARK: Requests

    /// Reads all that is there, the end too: of a tool that asks and goes at once Dispatch tells once.
    private func read() {
        while !isClosed {
            switch UnixSocket.read(descriptor, into: &buffer) {
            case .done(0): return takeEnd()
            case .failed: close()
            case .wouldBlock: return
            case .done(let count):
                signOfLifeAt = .now()
                input += buffer[..<count]
                takeRequest()
            }
        }
    }

    /// A tool that has gone wants nothing more; one that has only closed its half, as behind a pipe,
    /// gets its answers, the one too to a last line without an end.
    private func takeEnd() {
        guard !UnixSocket.hasHungUp(descriptor) else { return close() }
        isAtEnd = true
        // It would be ready from now on.
        readSource.suspend()
        if !input.isEmpty, input.last != UInt8(ascii: "\n") { input.append(UInt8(ascii: "\n")) }
        takeRequest()
        closeIfDone()
    }

    /// Closes behind the last answer of a tool that asks no more.
    private func closeIfDone() {
        if isAtEnd, exchange == nil, output?.isEmpty ?? true { close() }
    }

    /// Begins the next request when none runs.
    private func takeRequest() {
        guard exchange == nil, !isClosed else { return checkLength() }
        guard let end = input.firstIndex(of: UInt8(ascii: "\n")) else { return checkLength() }
        let line = Data(input[..<end])
        input.removeSubrange(...end)
        begin(line)
    }

    private func checkLength() {
        guard input.count > ControlProtocol.maximumRequest else { return }
        refuse("a request has at most \(ControlProtocol.maximumRequest) octets")
    }

    private func begin(_ line: Data) {
        guard let output else { return }
        let exchange = ControlExchange(user: user, output: output) { [weak self] in
            self?.onQueue { $0.goOn() }
        }
        self.exchange = exchange
        do {
            let header = try JSONDecoder().decode(ControlProtocol.Header.self, from: line)
            guard header.version <= ControlProtocol.version else {
                throw ControlRefusal(
                    "this server, horizond \(Version.current), is older than the program that asks")
            }
            guard let command = commands[header.command] else {
                let known = commands.keys.sorted().joined(separator: ", ")
                throw ControlRefusal(
                    "this server, horizond \(Version.current), knows no command "
                        + "\"\(header.command)\", but: \(known)")
            }
            try command.start(line, exchange)
        } catch let refusal as ControlRefusal {
            exchange.end(ControlProtocol.End(error: refusal.reason))
        } catch {
            exchange.end(ControlProtocol.End(error: "not a request as this server knows it"))
        }
    }

    /// A request has been answered; the next one may be there already.
    private func goOn() {
        signOfLifeAt = .now()
        exchange = nil
        takeRequest()
        closeIfDone()
    }

    // MARK: Answers

    private func awaitWriting() {
        guard !isClosed, !isWriteAwaited else { return }
        isWriteAwaited = true
        writeSource.resume()
    }

    private func continueWriting() {
        guard !isClosed, isWriteAwaited else { return }
        signOfLifeAt = .now()
        writeSource.suspend()
        isWriteAwaited = false
        output?.resume()
        closeIfDone()
    }

    // MARK: Idleness

    /// Since when it neither asks nor reads; nil while its command runs.
    var idleSince: DispatchTime? { exchange == nil ? signOfLifeAt : nil }

    private func watchForIdleness() {
        queue.asyncAfter(deadline: .now() + Self.idleLimit) { [weak self, signOfLifeAt] in
            guard let self, !isClosed else { return }
            let isIdle = idleSince == signOfLifeAt
            // Of one that was at its end nothing else tells that it has gone.
            if isIdle || isAtEnd && UnixSocket.hasHungUp(descriptor) { return close() }
            watchForIdleness()
        }
    }
}
