import Configuration
import Transport

extension TransportLimits {
    /// Descriptors that connections of clients leave to everything else, and to each worker's listeners
    /// and upstreams; no more than half of all.
    private static let reserve = 128
    private static let reserveOfWorker = 64

    /// The limits that the configuration sets; the others are the transport's own. Where the process may
    /// have only so many `descriptors`, fewer connections are kept than the configuration allows: without a
    /// descriptor for an upstream's socket nobody is answered.
    init(_ tcp: TCPSettings, workers: Int, descriptors: UInt64? = descriptorLimit()) {
        self.init()
        func nanoseconds(_ seconds: Int) -> Int64 {
            Int64(seconds) * MonotonicClock.nanosecondsPerSecond
        }
        let limit = Int(clamping: descriptors ?? .max)
        let reserve = min(limit / 2, Self.reserve + workers * Self.reserveOfWorker)
        connections = min(tcp.connections, max(1, limit - reserve))
        connectionsPerClient = tcp.connectionsPerClient
        queriesInFlight = tcp.queriesInFlight
        idleTimeout = nanoseconds(tcp.idleTimeoutSeconds)
        firstQueryTimeout = nanoseconds(tcp.firstQueryTimeoutSeconds)
        writeTimeout = nanoseconds(tcp.writeTimeoutSeconds)
        lifetime = nanoseconds(tcp.lifetimeSeconds)
        queuedOctets = tcp.queuedOctets
        heldOctets = max(heldOctets, 16 * tcp.queuedOctets)
    }
}
