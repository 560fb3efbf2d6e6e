internal import DNS

/// The TCP connections of a worker's clients (RFC 7766): accepts them, bounds them, closes them.
/// Its other half reads queries and writes answers. Confined to the worker's queue.
final class StreamServer {
    let context: LoopContext
    var connections: SlotTable<TCPConnection>
    private var perClient: [ClientPrefix: Int] = [:]
    var activity = ActivityList()
    var spare: SpareDescriptor

    // Connections with output since the last flush, and those that may read again.
    var unflushed: [SlotKey] = []
    var resumable: [SlotKey] = []
    // Buffers lent to one connection at a time; taken out of the object while a handler runs.
    var scratch: [UInt8]
    var response: [UInt8]
    let arrival: Arrival

    init(_ context: LoopContext, _ arrival: Arrival, spare: SpareDescriptor) {
        self.context = context
        self.arrival = arrival
        self.spare = spare
        connections = SlotTable(maximum: context.limits.connections)
        scratch = Array(repeating: 0, count: StreamFrames.scratchCapacity)
        response = Array(repeating: 0, count: StreamFrames.maximumMessage)
    }

    var isEmpty: Bool { connections.count == 0 }
    /// Paused connections wait to be read in the next round, without any event.
    var hasWork: Bool { !resumable.isEmpty }

    /// Takes over an accepted connection, or closes it when its client has too many. A full table
    /// loses its idlest connection.
    func open(_ descriptor: Int32, _ peer: KernelAddress) {
        let client = ClientPrefix(peer.ip)
        let ofClient = perClient[client, default: 0]
        guard ofClient < context.limits.connectionsPerClient else {
            context.counters.tcpRefused &+= 1
            return Syscalls.close(descriptor)
        }
        if connections.isFull { closeIdlest() }
        guard let key = connections.reserve() else { return Syscalls.close(descriptor) }
        let token = PollToken(.tcpConnection, key)
        guard context.pollSet.add(descriptor, token, .readable) == 0 else {
            context.counters.tcpAcceptFailures &+= 1
            return Syscalls.close(descriptor)
        }
        Syscalls.setNoDelay(descriptor)
        connections.insert(TCPConnection(descriptor, key, peer, now: context.now), at: key)
        activity.insert(key.slot)
        perClient[client] = perClient[client, default: 0] + 1
        context.counters.tcpAccepted &+= 1
    }

    private func closeIdlest() {
        guard let slot = activity.idlest, let connection = connections[slot: slot] else { return }
        context.counters.tcpEvicted &+= 1
        close(connection)
    }

    /// Closes a connection; its key names nothing from now on.
    func close(_ connection: TCPConnection) {
        guard connections.remove(connection.key) != nil else { return }
        activity.remove(connection.key.slot)
        if let count = perClient[connection.client], count > 1 {
            perClient[connection.client] = count - 1
        } else {
            perClient[connection.client] = nil
        }
        context.counters.tcpClosed &+= 1
        Syscalls.close(connection.descriptor)
    }

    /// Closes what has stayed too long.
    func sweep() {
        for connection in connections.elements
        where connection.isOverdue(context.now, context.limits) {
            context.counters.tcpTimedOut &+= 1
            close(connection)
        }
    }

    func closeAll() {
        for connection in connections.elements { close(connection) }
        spare.close()
    }
}
