import Dispatch
import FlyingSocks
import Foundation
import Synchronization

/// Answers HTTP at its listeners. It has no thread of its own and shares none with those that answer
/// queries: it runs where Swift's tasks do.
package final class AdminServer: Sendable {
    private let handler: AdminHandler
    private let queue = DispatchQueue(label: "admin", qos: .utility)
    private let connections: ConnectionTable
    private let listeners = Mutex<[ObjectIdentifier: SocketWait]>([:])

    private let pace = RequestPace(
        perSecond: AdminLimits.connectionsPerSecond, burst: AdminLimits.connectionsAtOnce)

    /// How long nobody is accepted after the kernel could not.
    private static let pause = Duration.milliseconds(100)

    package init(_ routes: [AdminRoute], _ access: AdminAccess) {
        handler = AdminHandler(routes, access)
        connections = ConnectionTable(queue: queue)
    }

    /// These rules hold from the next request on, also on connections that there are.
    package func set(_ access: AdminAccess) { handler.set(access) }

    /// Answers there from now on.
    package func open(_ listener: AdminListener) {
        let wait = SocketWait(queue: queue)
        listeners.withLock { $0[ObjectIdentifier(listener)] = wait }
        Task {
            await accept(listener, wait)
            try? listener.socket.close()
        }
    }

    /// Nobody asks there any more: who may reach it is no longer wanted. What is being answered still is,
    /// since it may be the request for just this.
    package func close(_ listener: AdminListener) {
        // The address is free at once, so that another listener may have it.
        _ = shutdown(listener.socket.file.rawValue, Int32(SHUT_RDWR))
        listeners.withLock { $0.removeValue(forKey: ObjectIdentifier(listener)) }?.end()
        connections.leave(listener)
    }

    private func accept(_ listener: AdminListener, _ wait: SocketWait) async {
        guard let socket = try? AsyncSocket(socket: listener.socket, pool: wait) else { return }
        while !wait.isOver {
            do {
                await serve(try await socket.accept().socket, of: listener, wait)
                await pace.wait()
            } catch {
                // Too many descriptors, most likely: what ends elsewhere makes room.
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// Serves a connection that was accepted, after those before it have room for it.
    private func serve(
        _ socket: Socket, of listener: AdminListener, _ accepting: SocketWait
    ) async {
        let wait = SocketWait(queue: queue)
        connections.insert(wait, of: listener)
        // The listener may have gone before it was in the table.
        if accepting.isOver { wait.leave() }
        Task {
            let connection = try? AdminConnection(socket, over: listener.reach, wait, handler)
            try? await connection?.serve()
            try? socket.close()
            connections.remove(wait)
        }
        while connections.isOverfull { try? await Task.sleep(for: .milliseconds(1)) }
    }
}
