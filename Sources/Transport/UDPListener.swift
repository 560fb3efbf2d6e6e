internal import DNS

/// One worker's UDP socket at one address. Confined to the worker's queue.
final class UDPListener {
    let descriptor: Int32
    let key: SlotKey
    let address: SocketAddress
    /// Bound to a wildcard address: each datagram tells where it was sent to, and its answer must
    /// leave from there. Elsewhere the socket's own address is right, and asking costs 4 %.
    private let tellsLocal: Bool

    /// Batches handled in one go, 2048 datagrams: then other sockets have their turn, and the poll
    /// set reports this one again.
    static let maximumBatches = 64

    init(_ descriptor: Int32, _ address: SocketAddress, _ key: SlotKey) throws(TransportError) {
        self.descriptor = descriptor
        self.address = address
        self.key = key
        tellsLocal = address.isWildcard
        var error = Syscalls.setNonblocking(descriptor)
        if error == 0, tellsLocal {
            error = Syscalls.setTellsLocal(descriptor, ipv6: address.isIPv6)
        }
        guard error == 0 else { throw TransportError("setsockopt", error, address, .udp) }
    }

    /// Answers what has arrived, until a batch comes back short: then the socket was empty, and if
    /// not, the level-triggered poll set says so.
    func drain(
        _ handler: any NetworkHandler, _ batches: DatagramBatches,
        _ upstreams: UpstreamDatagrams, _ context: LoopContext
    ) {
        let received = batches.received
        let answers = batches.answers
        batches.arrival.begin(.udp, key)
        for _ in 0..<Self.maximumBatches {
            // An error here is one of the network (ICMP) or passing: the listener goes on.
            let count = received.receive(from: descriptor, tellsLocal: tellsLocal)
            guard count > 0 else { return }
            for index in 0..<count {
                answer(index, received, answers, batches.arrival, handler, context)
            }
            answers.flush(to: descriptor, of: key, batches.held, context)
            handler.answersSent()
            upstreams.flush()
            guard count == DatagramLimits.batch else { return }
        }
    }

    @inline(__always)
    private func answer(
        _ index: Int, _ received: ReceiveBatch, _ answers: SendBatch, _ arrival: Arrival,
        _ handler: any NetworkHandler, _ context: LoopContext
    ) {
        let peer = received.peer(index)
        guard peer.port != 0 else {
            context.counters.droppedSourcePortZero &+= 1
            return
        }
        guard !received.isTruncated(index) else {
            context.counters.droppedTruncated &+= 1
            return
        }
        if tellsLocal { arrival.local = received.local(index) }
        if context.ownAddresses.mayContain(port: peer.port), isOurs(peer, arrival.local, context) {
            context.counters.droppedOwnAddress &+= 1
            return
        }
        context.counters.received &+= 1
        arrival.peer = peer
        var response = answers.next()
        let length = handler.query(
            received.message(index), from: peer.ip, over: .udp, arrival, &response)
        guard length > 0 else { return }
        guard length <= DatagramLimits.sent else {
            context.counters.droppedOversized &+= 1
            return
        }
        answers.commit(length: length, to: peer, from: arrival.local)
    }

    /// Whether a datagram says that one of the loop's listeners has sent it: from a listener's
    /// address, or, to a listener at all addresses, from where it was sent to.
    private func isOurs(
        _ peer: KernelAddress, _ local: LocalAddress, _ context: LoopContext
    ) -> Bool {
        context.ownAddresses.contains(peer)
            || (tellsLocal && peer.port == address.port && peer.ip == local.ip)
    }

    /// Takes the socket out of the poll set; it can still send.
    func stopReceiving(_ context: LoopContext) { context.pollSet.remove(descriptor) }

    /// The socket may be open elsewhere, too, and would then go on being reported.
    func close(_ context: LoopContext) {
        stopReceiving(context)
        Syscalls.close(descriptor)
    }
}

/// The buffers that all UDP sockets of a worker share, one socket at a time.
final class DatagramBatches {
    let received = ReceiveBatch()
    /// Answers written by the handler while its batch is read.
    let answers = SendBatch()
    let arrival = Arrival()

    // Answers sent later, or by the way: apart from `answers`, whose next buffer may be in use.
    private let deferred = SendBatch()
    private var deferredDescriptor: Int32 = -1
    private var deferredKey = SlotKey(slot: 0, generation: 0)
    /// Answers that the kernel had no room for.
    let held = HeldDatagrams()

    /// Adds an answer to what goes out from this socket.
    func send(
        _ message: Span<UInt8>, to path: ReplyPath, from listener: UDPListener,
        _ context: LoopContext
    ) {
        guard message.count <= DatagramLimits.sent else {
            context.counters.droppedOversized &+= 1
            return
        }
        let batch = deferred
        if batch.isFull || deferredDescriptor != listener.descriptor { flush(context) }
        deferredDescriptor = listener.descriptor
        deferredKey = listener.key
        var octets = batch.next()
        octets.copy(message, at: 0)
        batch.commit(length: message.count, to: path.peer, from: path.local)
    }

    /// Sends what `send` has gathered. To be called before a listener closes.
    func flush(_ context: LoopContext) {
        guard deferred.count > 0 else { return }
        deferred.flush(to: deferredDescriptor, of: deferredKey, held, context)
    }
}
