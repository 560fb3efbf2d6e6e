internal import DNS

/// The TCP connections of a worker's clients (RFC 7766): accepts them, bounds them, closes them.
/// Its other half reads queries and writes answers. Confined to the worker's queue.
final class StreamServer {
    let context: LoopContext
    let connections = SlotTable<TCPConnection>(maximum: SlotTable<TCPConnection>.maximumSlots)
    var activity = ActivityList()
    var spare: SpareDescriptor
    private let census: ConnectionCensus
    /// This loop's number in the census.
    private let member: Int
    /// The slots of each client, in no order.
    private var slots: [ClientPrefix: [UInt32]] = [:]

    /// Octets of unfinished queries and unread answers that all connections hold together.
    private(set) var held = 0

    // Connections with output since the last flush, and those that may read again.
    var unflushed: [SlotKey] = []
    var resumable: [SlotKey] = []
    // Lent to one connection at a time.
    let scratch = StreamBuffer(capacity: StreamFrames.scratchCapacity)
    let answers = StreamAnswers()
    let arrival: Arrival

    /// Connections that are looked at for one that owes nothing, when one has to go.
    private static let maximumWalk = 64

    init(
        _ context: LoopContext, _ arrival: Arrival, spare: SpareDescriptor,
        census: ConnectionCensus, wakeUp: WakeUp
    ) {
        self.context = context
        self.arrival = arrival
        self.spare = spare
        self.census = census
        member = census.join(wakeUp)
    }

    var isEmpty: Bool { connections.count == 0 }
    /// Paused connections wait to be read in the next round, without any event.
    var hasWork: Bool { !resumable.isEmpty }

    // MARK: Opening

    /// Takes over an accepted connection. In a full table the idlest connection makes room; a client
    /// that has too many loses one of its own, and if none of those here may go the new one is closed.
    func open(_ descriptor: Int32, _ peer: KernelAddress) {
        let client = ClientPrefix(peer.ip)
        guard admit(client) || (makeRoom(for: peer.ip, of: client) && admit(client)) else {
            context.counters.tcpRefused &+= 1
            return Syscalls.close(descriptor)
        }
        payDebt()
        guard let key = connections.reserve(),
            context.pollSet.add(descriptor, PollToken(.tcpConnection, key), .readable) == 0
        else {
            context.counters.tcpAcceptFailures &+= 1
            census.leave(client, from: member)
            return Syscalls.close(descriptor)
        }
        connections.insert(TCPConnection(descriptor, key, peer, now: context.now), at: key)
        activity.insert(key.slot)
        slots[client, default: []].append(key.slot)
        context.counters.tcpAccepted &+= 1
    }

    private func admit(_ client: ClientPrefix) -> Bool {
        census.admit(client, to: member, context.limits)
    }

    /// Closes as many connections as newcomers, here or in another loop, need room.
    func payDebt() {
        for _ in 0..<census.debt(of: member) { closeIdlest() }
    }

    /// Closes the idlest connection, one that owes nothing if there is one among the idlest ones.
    /// False when there is none at all.
    @discardableResult
    func closeIdlest() -> Bool {
        guard let idlest = activity.idlest else { return false }
        var slot = idlest
        for _ in 0..<Self.maximumWalk {
            if connections[slot: slot]?.owesNothing == true { return evict(slot) }
            guard let next = activity.next(after: slot) else { break }
            slot = next
        }
        return evict(idlest)
    }

    /// Closes the idlest of a client's connections that owe nothing. Where there is none such, the idlest of
    /// the host that has most of them, when the newcomer's has fewer: no device of a home keeps the
    /// others out with queries that nobody answers.
    private func makeRoom(for newcomer: IPAddress, of client: ClientPrefix) -> Bool {
        let open = (slots[client] ?? []).prefix(Self.maximumWalk)
            .compactMap { connections[slot: $0] }
        var candidates = open.filter(\.owesNothing)
        if candidates.isEmpty {
            let hosts = Dictionary(grouping: open, by: \.peer.ip)
            let most = hosts.values.max { $0.count < $1.count } ?? []
            // After it the two have equally many at most.
            if most.count >= (hosts[newcomer]?.count ?? 0) + 2 { candidates = most }
        }
        guard let idlest = candidates.min(by: { $0.lastActivity < $1.lastActivity }) else {
            return false
        }
        return evict(idlest.key.slot)
    }

    /// Counts what a connection holds now.
    func count(_ connection: TCPConnection) {
        let now = connection.input.count + connection.output.kept
        held += now - connection.held
        connection.held = now
    }

    /// Closes the idlest of the connections that hold something, when all hold too much together: many
    /// clients that neither finish a query nor read would else take what each may have. A quarter
    /// goes, so that the walk past those who hold nothing is seldom.
    func shed() {
        guard held > context.limits.heldOctets else { return }
        var slot = activity.idlest
        while held > context.limits.heldOctets / 4 * 3, let current = slot {
            slot = activity.next(after: current)
            guard let connection = connections[slot: current], connection.held > 0 else { continue }
            context.counters.tcpOverrun &+= 1
            close(connection)
        }
    }

    private func evict(_ slot: UInt32) -> Bool {
        guard let connection = connections[slot: slot] else { return false }
        context.counters.tcpEvicted &+= 1
        close(connection)
        return true
    }

    // MARK: Closing

    /// Closes a connection; its key names nothing from now on.
    func close(_ connection: TCPConnection) {
        let slot = connection.key.slot
        guard connections.remove(connection.key) != nil else { return }
        activity.remove(slot)
        if var others = slots.removeValue(forKey: connection.client) {
            others.removeAll { $0 == slot }
            if !others.isEmpty { slots[connection.client] = others }
        }
        census.leave(connection.client, from: member)
        connection.input = StreamInput()
        connection.output = StreamOutput()
        count(connection)
        context.counters.tcpClosed &+= 1
        Syscalls.close(connection.descriptor)
    }

    /// Takes no more queries from a connection; when what is owed has gone out, it ends.
    func end(_ connection: TCPConnection) {
        connection.isInputClosed = true
        settle(connection)
    }

    /// Closes this side's half of a finished connection and waits for the client's end. To close
    /// both at once would answer what the client is just sending with a reset, which may destroy
    /// answers on their way. The connection is the first to make room.
    func bidFarewell(to connection: TCPConnection) {
        guard connection.farewellAt == nil else { return }
        connection.farewellAt = context.now
        connection.input = StreamInput()
        activity.retire(connection.key.slot)
        Syscalls.shutDownOutput(connection.descriptor)
    }

    /// Ends what has stayed too long. What an idle or an old connection has sent by now is still
    /// answered.
    func sweep(_ handler: any NetworkHandler) {
        for connection in connections.elements where connections[connection.key] != nil {
            let age = connection.age(context.now, context.limits)
            switch age {
            case .fine: break
            case .abandoned: close(connection)
            case .overdue:
                context.counters.tcpTimedOut &+= 1
                close(connection)
            case .idle, .old:
                read(connection, handler)
                guard connections[connection.key] != nil,
                    connection.age(context.now, context.limits) == age
                else { continue }
                if age == .idle {
                    context.counters.tcpTimedOut &+= 1
                } else {
                    context.counters.tcpRetired &+= 1
                }
                end(connection)
            }
        }
    }

    /// Open connections go on under the limits as they are now.
    func limitsChanged() {
        census.shrink(to: context.limits.connections, by: member)
        payDebt()
        for connection in connections.elements { resumeLater(connection) }
    }

    func closeAll() {
        for connection in connections.elements { close(connection) }
        spare.close()
    }
}
