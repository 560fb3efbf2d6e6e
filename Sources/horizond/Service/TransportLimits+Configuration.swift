import Configuration
import Transport

extension TransportLimits {
    /// The limits that the configuration sets; the others are the transport's own.
    init(_ tcp: TCPSettings) {
        self.init()
        func nanoseconds(_ seconds: Int) -> Int64 {
            Int64(seconds) * MonotonicClock.nanosecondsPerSecond
        }
        connections = tcp.connections
        connectionsPerClient = tcp.connectionsPerClient
        queriesInFlight = tcp.queriesInFlight
        idleTimeout = nanoseconds(tcp.idleTimeoutSeconds)
        firstQueryTimeout = nanoseconds(tcp.firstQueryTimeoutSeconds)
        writeTimeout = nanoseconds(tcp.writeTimeoutSeconds)
        lifetime = nanoseconds(tcp.lifetimeSeconds)
        queuedOctets = tcp.queuedOctets
    }
}
