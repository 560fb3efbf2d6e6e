internal import DNS

/// Listeners and answers.
extension NetworkLoop {
    /// Takes over a pair of sockets and begins to serve them. Throws with the pair closed.
    package func add(_ sockets: ListeningSocketPair) throws(TransportError) {
        do throws(TransportError) {
            guard let udpKey = udpListeners.reserve(), let tcpKey = tcpListeners.reserve() else {
                throw .system(operation: "listeners", errno: 0)
            }
            let udp = try UDPListener(sockets.udp, sockets.address, udpKey)
            let tcp = try TCPListener(sockets.tcp, sockets.address, tcpKey, context.limits)
            try watch(udp.descriptor, PollToken(.udpListener, udpKey))
            try watch(tcp.descriptor, PollToken(.tcpListener, tcpKey))
            udpListeners.insert(udp, at: udpKey)
            context.ownAddresses.insert(udp.address)
            tcpListeners.insert(tcp, at: tcpKey)
        } catch {
            // What is open elsewhere, too, would go on being reported.
            context.pollSet.remove(sockets.udp)
            context.pollSet.remove(sockets.tcp)
            sockets.close()
            throw error
        }
    }

    /// A socket that the service manager has opened is shared by all workers: what arrives there is for
    /// the one that is woken, or, while it is busy, for the next one.
    private func watch(_ descriptor: Int32, _ token: PollToken) throws(TransportError) {
        let error = context.pollSet.add(descriptor, token, [.readable, .exclusive])
        guard error == 0 else { throw .system(operation: "epoll_ctl", errno: error) }
    }

    /// Stops serving an address: in the coming round, or at the end of this one, what is queued
    /// there is answered and its listeners are closed. TCP connections that are established go on;
    /// an answer that a UDP query still waits for is lost.
    package func remove(address: SocketAddress) {
        for listener in udpListeners.elements where listener.address == address {
            removedUDP.append(listener.key)
        }
        for listener in tcpListeners.elements where listener.address == address {
            removedTCP.append(listener.key)
        }
        roundIsNeeded()
    }

    /// Accepts connections. A listener that cannot is not watched until the next tick, since it would be
    /// reported again at once.
    func accept(_ key: SlotKey) {
        guard let listener = tcpListeners[key] else { return }
        if !listener.accept(for: streams, context) {
            context.pollSet.remove(listener.descriptor)
            pausedTCP.append(key)
        }
        startTimer()
    }

    func resumeAccepting() {
        guard !pausedTCP.isEmpty else { return }
        pausedTCP.removeAll { key in
            guard let listener = tcpListeners[key] else { return true }
            let token = PollToken(.tcpListener, key)
            return (try? watch(listener.descriptor, token)) != nil
        }
    }

    func closeRemoved(_ handler: any NetworkHandler) {
        guard !removedUDP.isEmpty || !removedTCP.isEmpty else { return }
        for key in removedUDP {
            guard let listener = udpListeners[key] else { continue }
            listener.drain(handler, batches, upstreamDatagrams, context)
            batches.flush(context)
            udpListeners.remove(key)
            context.ownAddresses.remove(listener.address)
            listener.close(context)
        }
        for key in removedTCP {
            guard let listener = tcpListeners[key] else { continue }
            _ = listener.accept(for: streams, context)
            tcpListeners.remove(key)
            listener.close(context)
        }
        removedUDP = []
        removedTCP = []
        startTimer()
    }

    /// UDP sockets answer what is queued and then only send; TCP listeners close, and connections
    /// are read once more.
    func stopListening(_ handler: any NetworkHandler) {
        for listener in udpListeners.elements {
            listener.drain(handler, batches, upstreamDatagrams, context)
            listener.stopReceiving(context)
        }
        removedTCP = tcpListeners.elements.map(\.key)
        closeRemoved(handler)
        streams.finish(handler)
    }

    /// Sends a later answer. It goes out at the end of the round, together with others.
    package func send(_ message: Span<UInt8>, to path: ReplyPath) {
        switch path.transport {
        case .udp:
            guard let listener = udpListeners[path.key] else {
                context.counters.droppedPathGone &+= 1
                return
            }
            batches.send(message, to: path, from: listener, context)
        case .tcp:
            streams.send(message, to: path)
        }
        roundIsNeeded()
    }

    /// Whether an answer to this path would be sent soon, and not wait behind many others for a client
    /// that reads slowly.
    package func hasRoom(for path: ReplyPath) -> Bool {
        path.transport == .udp || streams.hasRoom(for: path)
    }

    /// Tells that no answer will come to a path, so that its connection does not wait for one.
    package func abandon(_ path: ReplyPath) {
        guard path.transport == .tcp else { return }
        streams.abandon(path)
        roundIsNeeded()
    }
}
