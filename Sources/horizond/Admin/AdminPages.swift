import Admin
import Configuration
import DNS
import Foundation
import Logging

/// The admin pages' server and its listeners, as the configuration wants them. Used on the control queue
/// alone.
final class AdminPages {
    private let server: AdminServer
    private let log: Logger
    private var listeners: [AdminSettings.Address: Open] = [:]

    private struct Open {
        let listener: AdminListener
        /// Of a Unix socket, what it made at its path: only that is its own to remove.
        let file: UnixSocket.File?
    }

    init(_ routes: [AdminRoute], log: Logger) {
        server = AdminServer(routes, AdminAccess())
        self.log = log
    }

    /// Listens there and nowhere else from now on. What is in the way costs that address and a line in the
    /// log, never the service; the next reload tries again.
    func configure(_ settings: AdminSettings) {
        server.set(
            AdminAccess(
                token: settings.token, hosts: settings.hosts.map(\.lineDescription),
                hostName: ProcessInfo.processInfo.hostName))
        for address in listeners.keys where !settings.listen.contains(address) { close(address) }
        for address in settings.listen where listeners[address] == nil {
            open(address, isDefault: settings.isDefault)
        }
    }

    func stop() {
        for address in listeners.keys { close(address) }
    }

    private func open(_ address: AdminSettings.Address, isDefault: Bool) {
        switch listen(address) {
        case .success(let open):
            listeners[address] = open
            server.open(open.listener)
            log.notice("admin pages: \(address.url)", .admin)
        case .failure(let obstacle) where isDefault:
            // Nobody asked for it.
            log.notice(
                "no admin pages: \(address): \(obstacle.text); \"admin\" says where else, or off",
                .admin)
        case .failure(let obstacle):
            log.warning("no admin pages at \(address): \(obstacle.text)", .admin)
        }
    }

    private struct Obstacle: Error {
        let text: String
    }

    private func listen(_ address: AdminSettings.Address) -> Result<Open, Obstacle> {
        switch address {
        case .ip(let listen):
            do throws(AdminListener.Failure) {
                let listener = try AdminListener(
                    ip: "\(listen.address)", port: listen.port, isLoopback: address.isLocal)
                return .success(Open(listener: listener, file: nil))
            } catch {
                return .failure(Obstacle(text: "\(error)"))
            }
        case .unix(let path):
            if let text = UnixSocket.clear(path) { return .failure(Obstacle(text: text)) }
            do throws(UnixSocket.Failure) {
                let listener = AdminListener(unix: try UnixSocket.listen(at: path))
                return .success(Open(listener: listener, file: UnixSocket.file(at: path)))
            } catch {
                return .failure(Obstacle(text: "\(error)"))
            }
        }
    }

    private func close(_ address: AdminSettings.Address) {
        guard let open = listeners.removeValue(forKey: address) else { return }
        server.close(open.listener)
        guard case .unix(let path) = address, let file = open.file,
            UnixSocket.file(at: path) == file
        else { return }
        UnixSocket.remove(path)
    }
}

extension AdminSettings.Address {
    /// What a browser is given.
    fileprivate var url: String {
        switch self {
        case .ip: "http://\(self)/"
        case .unix: description
        }
    }
}
