import Dispatch
import Glibc
import Logging

/// The control socket: a Unix socket by which people and tools on the host ask the running server. Who
/// may, the rights of its file say, which are the owner's and the group's; the kernel checks them when
/// someone connects.
///
/// @unchecked Sendable: its state is touched on its queue alone.
final class ControlServer: @unchecked Sendable {
    /// Each is a person's or a tool's; they cost a descriptor, and memory while they do not read.
    private static let maximumConnections = 16
    /// Who has sent half a request by then keeps nobody out.
    private static let patience = DispatchTimeInterval.seconds(1)

    /// How long nobody is accepted after the kernel could not.
    private static let pause = DispatchTimeInterval.milliseconds(100)

    private let queue = DispatchQueue(label: "control-socket", qos: .default)
    private let log: Logger
    private let commands: [String: ControlCommand]
    private var listener: Listener?
    /// At a socket of the service manager's; nil without one.
    private var passedSource: (any DispatchSourceRead)?
    /// Those that wait for a descriptor.
    private var paused: [any DispatchSourceRead] = []
    private var connections: [ObjectIdentifier: ControlConnection] = [:]

    private struct Listener {
        let path: String
        /// What it made there: only that is its own to remove.
        let file: UnixSocket.File?
        let source: any DispatchSourceRead
    }

    init(_ commands: [ControlCommand], log: Logger) {
        self.log = log
        self.commands = Dictionary(commands.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Listens at a socket of the service manager's for as long as the process lives.
    func listen(on passed: Int32) {
        queue.sync {
            guard UnixSocket.adopt(passed) else {
                return log.warning(
                    "the passed socket \"control\" is no listening Unix stream socket and is not "
                        + "used", .control)
            }
            passedSource = makeSource(passed)
            log.notice("control socket: the one that was passed", .control)
        }
    }

    /// Listens at `path` from now on, or nowhere; connections that are there stay. What is in the way
    /// costs this socket and a line in the log, never the service. A socket that was passed stands for
    /// all.
    func listen(at path: String?) {
        queue.sync {
            guard passedSource == nil, path != listener?.path else { return }
            stopListening()
            if let path { startListening(at: path) }
        }
    }

    /// Closes everything and removes the socket's file.
    func stop() {
        queue.sync {
            stopListening()
            passedSource?.cancel()
            for connection in connections.values { connection.close() }
        }
    }

    private func startListening(at path: String) {
        if let obstacle = UnixSocket.clear(path) { return complain(path, obstacle) }
        let descriptor: Int32
        do throws(UnixSocket.Failure) {
            descriptor = try UnixSocket.listen(at: path)
        } catch {
            return complain(path, "\(error)")
        }
        let file = UnixSocket.file(at: path)
        listener = Listener(path: path, file: file, source: makeSource(descriptor))
        log.notice("control socket: \(path)", .control)
    }

    private func makeSource(_ descriptor: Int32) -> any DispatchSourceRead {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [unowned self] in accept(descriptor) }
        source.setCancelHandler { _ = close(descriptor) }
        source.activate()
        return source
    }

    /// Lets whoever wants to connect wait a little, since no descriptor can be had: what ends elsewhere
    /// makes room. The source would go on at once, without end.
    private func pause(_ descriptor: Int32) {
        let sources = [passedSource, listener?.source].compactMap(\.self)
        guard let source = sources.first(where: { $0.handle == UInt(descriptor) }) else { return }
        source.suspend()
        paused.append(source)
        queue.asyncAfter(deadline: .now() + Self.pause) { [self] in
            for source in paused { source.resume() }
            paused = []
        }
    }

    private func complain(_ path: String, _ reason: String) {
        log.warning("no control socket at \(path): \(reason)", .control)
    }

    private func stopListening() {
        guard let listener else { return }
        self.listener = nil
        listener.source.cancel()
        if let file = listener.file, UnixSocket.file(at: listener.path) == file {
            UnixSocket.remove(listener.path)
        }
    }

    private func accept(_ listener: Int32) {
        while true {
            let descriptor: Int32
            switch UnixSocket.accept(listener) {
            case .done(let accepted): descriptor = Int32(accepted)
            case .wouldBlock: return
            case .failed: return pause(listener)
            }
            let connection = ControlConnection(
                descriptor, queue: queue, commands: commands
            ) { [weak self] connection in
                self?.connections[ObjectIdentifier(connection)] = nil
            }
            if connections.count == Self.maximumConnections { closeIdlest() }
            connections[ObjectIdentifier(connection)] = connection
            connection.start()
            if connections.count > Self.maximumConnections {
                connection.refuse(
                    "\(Self.maximumConnections) tools are connected to this server already")
            }
        }
    }

    /// Makes room for a newcomer: of tools that are stuck before a request the first one goes.
    private func closeIdlest() {
        let idle = connections.values.compactMap { one in one.idleSince.map { ($0, one) } }
        guard let (since, idlest) = idle.min(by: { $0.0 < $1.0 }),
            since + Self.patience <= .now()
        else { return }
        idlest.close()
    }
}
