import Configuration
import Nameserver
import Transport

/// Views whose clients are what the host's interfaces say.
extension Service {
    /// Begins to follow the interfaces when a view of `configuration` needs it, or ends that.
    func followInterfaces(for configuration: Configuration) {
        guard configuration.followsInterfaces else {
            interfaceMonitor?.stop()
            interfaceMonitor = nil
            return
        }
        guard interfaceMonitor == nil else { return }
        do {
            interfaceMonitor = try startMonitor()
        } catch {
            networks = []
            log.warning(HostInterfaces.failure(error), .interfaces)
        }
    }

    private func startMonitor() throws(TransportError) -> InterfaceMonitor {
        let monitor = try InterfaceMonitor()
        networks = [InterfaceNetworks](monitor.interfaces)
        monitor.start(queue: control) { [unowned self] interfaces in
            networks = [InterfaceNetworks](interfaces)
            updateClients()
        }
        return monitor
    }

    /// What is to be served in the place of `served`, which may be from before an interface changed.
    /// The views stay what they are, so that this queue need not care how large they are.
    func withCurrentClients(_ served: Served, of configuration: Configuration) -> Served {
        let clients = ViewClients(configuration.views, networks: networks)
        var served = served
        if clients != served.snapshot.clients {
            served.snapshot = Snapshot(served.snapshot, clients: clients)
        }
        return served
    }

    /// Serves the clients that the views have now, and tells what is new of them.
    func updateClients() {
        let served = published.served
        let current = withCurrentClients(served, of: configuration)
        if current.snapshot !== served.snapshot { retire(published.publish(current)) }
        let news = toldClients.news(of: configuration.views, current.snapshot.clients)
        for line in news.contests { log.warning(line, .interfaces) }
        for line in news.clients { log.notice(line, .interfaces) }
    }
}
