import Configuration
import DNS
import Nameserver

/// Random numbers that the process draws once, from the system's cryptographic generator.
struct ProcessSecrets: Sendable {
    /// Keeps others from choosing names that collide in the hash tables.
    let tableSeed = UInt64.random(in: .min ... .max)
    /// Keeps others from choosing with whom they are counted.
    let limitKey = SipHash.Key(low: .random(in: .min ... .max), high: .random(in: .min ... .max))
    /// What the server cookies' daily secrets are derived from.
    let cookieRoot = SipHash.Key(
        low: .random(in: .min ... .max), high: .random(in: .min ... .max))
    /// What the cookies that upstream servers are shown are made with.
    let upstreamCookieKey = SipHash.Key(
        low: .random(in: .min ... .max), high: .random(in: .min ... .max))
}

extension Snapshot {
    /// What a configuration says, with the secrets of this process.
    convenience init(
        _ configuration: Configuration, networks: [InterfaceNetworks],
        upstreams: UpstreamRegistry, _ secrets: ProcessSecrets
    ) {
        var server = configuration.server
        server.digest = "\(configuration.hash)"
        server.tcpKeepalive = UInt16(clamping: configuration.tcp.idleTimeoutSeconds * 10)
        server.cookies =
            switch configuration.cookies {
            case .off: nil
            case .ownSecrets: .daily(root: secrets.cookieRoot)
            case .shared(let keys): .shared(keys)
            }
        self.init(
            configuration.views, server: server, networks: networks, upstreams: upstreams,
            seed: secrets.tableSeed)
    }
}
