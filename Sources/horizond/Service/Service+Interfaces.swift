import Configuration
import Nameserver
import Transport

/// Views whose clients are what the host's interfaces say.
extension Service {
    /// Follows the interfaces when a view of `configuration` needs it, or ends that. A reload asks the
    /// kernel afresh, by a monitor that knows nothing of before; where that cannot be, the old one stays.
    func followInterfaces(for configuration: Configuration) {
        var monitor: InterfaceMonitor?
        if configuration.followsInterfaces {
            do {
                monitor = try startMonitor()
            } catch {
                guard interfaceMonitor == nil else {
                    log.warning("interfaces: a reload could not ask afresh: \(error)", .interfaces)
                    return
                }
                networks = []
                log.warning(HostInterfaces.failure(error), .interfaces)
            }
        }
        interfaceMonitor?.stop()
        interfaceMonitor = monitor
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
