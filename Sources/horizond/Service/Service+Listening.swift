import Configuration
import Dispatch
import Transport

/// The addresses at which clients ask.
extension Service {
    /// Closes what an earlier process has left for addresses that are not wanted any more: it could be
    /// in the way of others, and nobody would read what is sent there.
    static func dropUnwanted(
        _ passed: PassedSockets, _ configuration: Configuration
    ) -> [BoundSocket] {
        let wanted = configuration.listen.map { SocketAddress(ip: $0.address, port: $0.port) }
        let (kept, dropped) = passed.stored.reduce(into: ([BoundSocket](), Set<String>())) {
            if wanted.contains(where: $1.socket.serves) {
                $0.0.append($1.socket)
            } else {
                $1.socket.close()
                $0.1.insert($1.name)
            }
        }
        if !dropped.isEmpty { Systemd.removeStored(dropped) }
        return kept
    }

    func listen(_ change: Listeners.Change) {
        for (address, descriptors) in change.toStore {
            Systemd.store(descriptors, as: PassedSockets.storedName(address))
        }
        for (worker, sockets) in zip(workers, change.opened) {
            worker.mailbox.post(.listen(sockets))
        }
        for address in change.withoutIPv6 {
            log.warning("not listening on \(address): this host has no IPv6", .listening)
        }
        for address in change.absent {
            log.warning(
                "no interface has \(address.ip) yet; \(address) is answered once one does",
                .listening)
        }
        for socket in change.unused {
            log.warning(
                "the passed socket \(socket) is for no address of \"listen\": nobody answers there",
                .listening)
        }
    }

    /// Closes the addresses that are still not wanted when the queries on them have been answered.
    func closeUnwantedListeners() {
        farewells += 1
        let end = DispatchTime.now() + .seconds(Listeners.farewellSeconds)
        control.asyncAfter(deadline: end) { [self, farewells] in
            // A later reload has its own end to wait for.
            guard farewells == self.farewells else { return }
            let addresses = listeners.takeUnwanted()
            // First, so that nothing is sent to a socket that nobody reads any more.
            Systemd.removeStored(addresses.map(PassedSockets.storedName))
            for worker in workers { worker.mailbox.post(.close(addresses)) }
        }
    }
}
