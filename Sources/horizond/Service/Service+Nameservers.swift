import Configuration
import Dispatch
import Nameserver

/// Files of nameservers, followed when they change.
extension Service {
    func startFollowingNameservers() {
        let timer = DispatchSource.makeTimerSource(queue: control)
        timer.setEventHandler { [unowned self] in followNameservers() }
        nameserverTimer = timer
        scheduleFollowing()
        timer.activate()
    }

    /// Lets an idle server sleep when there is no file to follow.
    func scheduleFollowing() {
        let next = DispatchTime.now() + .seconds(Self.followingSeconds)
        nameserverTimer?.schedule(
            deadline: configuration.nameserverFiles.isEmpty ? .distantFuture : next,
            repeating: .seconds(Self.followingSeconds), leeway: .milliseconds(500))
    }

    /// Puts servers in place that files name by now, and nothing else: the rest of the configuration
    /// may be half-written.
    private func followNameservers() {
        // A reload reads these files too.
        guard !isReloading else { return }
        var configuration = configuration
        let news = configuration.rereadNameservers()
        for line in news.silences { log.warning(line, .nameservers) }
        guard !news.changes.isEmpty else {
            self.configuration = configuration
            return
        }
        isReloading = true
        let (changed, secrets, registry, networks) = (configuration, secrets, registry, networks)
        background.async { [self] in
            let snapshot = Snapshot(changed, networks: networks, upstreams: registry, secrets)
            control.async { [self] in
                let served = Served(snapshot: snapshot, tls: published.served.tls)
                retire(publish(served, of: changed))
                self.configuration = changed
                status.nameserversChanged(changed)
                for line in news.changes { log.notice(line, .nameservers) }
                Systemd.notify(Systemd.status(status.text))
                endReload()
            }
        }
    }
}
