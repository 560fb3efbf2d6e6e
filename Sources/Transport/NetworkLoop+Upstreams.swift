package import DNS
internal import Glibc

/// Exchanges with upstreams. The consumer numbers its exchanges and keeps their time.
extension NetworkLoop {
    /// Sends a query to an upstream with a random ID in place of its own. An exchange that still
    /// waits is given up first, so one number never has two replies. Throws when the query cannot
    /// be sent; later errors come by `upstreamFailure`. To an endpoint with security it goes over TLS,
    /// whatever `transport` says.
    package func sendUpstream(
        _ message: Span<UInt8>, to upstream: UpstreamEndpoint, over transport: ClientTransport,
        exchange: UInt64
    ) throws(UpstreamError) {
        cancelUpstream(exchange: exchange)
        guard message.count >= Header.length else { throw .system(errno: EMSGSIZE) }
        guard !exchanges.isFull else { throw .exhausted }
        updateClock()
        switch transport {
        case .udp where upstream.security == nil && isInRound:
            try upstreamDatagrams.queue(message, to: upstream.address, exchange: exchange)
        case .udp where upstream.security == nil:
            try upstreamDatagrams.send(message, to: upstream.address, exchange: exchange)
        case .udp, .tcp:
            try upstreamStreams.send(message, to: upstream, exchange: exchange)
        }
        startTimer()
        roundIsNeeded()
    }

    /// What new TLS connections to upstreams are made with; nil makes none. Connections made with
    /// another context take no new queries.
    package var tls: TLSContext? {
        get { upstreamStreams.tls }
        set { upstreamStreams.tls = newValue }
    }

    /// The reply to an exchange is late, and still waited for. What it went out by may have lost its way:
    /// the host's address has changed, or a router on the path has forgotten it. So a socket or connection
    /// that has been silent since then takes no new queries.
    package func doubtUpstream(exchange: UInt64) {
        switch exchanges.place(of: exchange) {
        case .socket(let key, _): upstreamDatagrams.doubt(key)
        case .connection(let key, let id): upstreamStreams.doubt(key, id: id)
        case nil: return
        }
    }

    /// Gives an exchange up, as after its time: a late reply is ignored.
    package func cancelUpstream(exchange: UInt64) {
        switch exchanges.place(of: exchange) {
        case .socket(let key, let id): upstreamDatagrams.cancel(key, id: id)
        case .connection(let key, let id): upstreamStreams.cancel(key, id: id)
        case nil: return
        }
        exchanges.end(exchange)
    }
}
