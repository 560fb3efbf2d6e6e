internal import DNS

/// One client's TCP connection. A record: `StreamServer` acts on it. Confined to the worker's queue.
final class TCPConnection {
    let descriptor: Int32
    let key: SlotKey
    let peer: KernelAddress
    let client: ClientPrefix

    var input = StreamInput()
    var output = StreamOutput()
    /// Queries whose answers the handler still owes.
    var queriesInFlight = 0
    /// The client sends no more, or nobody listens to it: its answers still go out.
    var isInputClosed = false
    /// Too many queries in flight or too much output: nothing is read until that has sunk.
    var isPaused = false
    /// In the list of connections to be flushed, or to be resumed.
    var isListedForFlush = false
    var isListedForResume = false
    /// What the poll set watches for.
    var watched: Readiness = .readable

    /// Times in nanoseconds of `MonotonicClock`.
    let acceptedAt: Int64
    /// The last whole query or written octets; less does not count, or a client could hold a
    /// connection open with an octet now and then.
    var lastActivity: Int64
    /// Since when the client has taken none of the output that waits; nil when none does.
    var blockedSince: Int64?
    var hasQueried = false

    init(_ descriptor: Int32, _ key: SlotKey, _ peer: KernelAddress, now: Int64) {
        self.descriptor = descriptor
        self.key = key
        self.peer = peer
        client = ClientPrefix(peer.ip)
        acceptedAt = now
        lastActivity = now
    }

    /// Whether the next query has to wait.
    func mustPause(_ limits: TransportLimits) -> Bool {
        queriesInFlight >= limits.queriesInFlight || output.count >= limits.queuedOctets
    }

    /// Whether nothing is left to be done for this client.
    var isFinished: Bool { isInputClosed && queriesInFlight == 0 && output.count == 0 }

    /// Whether the connection has stayed too long in what it is doing.
    func isOverdue(_ now: Int64, _ limits: TransportLimits) -> Bool {
        if let blockedSince { return now - blockedSince > limits.writeTimeout }
        // An answer just queued goes out at the end of the round.
        if output.count > 0 { return false }
        if queriesInFlight > 0 { return now - lastActivity > limits.answerTimeout }
        if !hasQueried { return now - acceptedAt > limits.firstQueryTimeout }
        return now - lastActivity > limits.idleTimeout
    }
}

/// What counts as one client where connections are limited: an IPv4 address, an IPv6 /56.
struct ClientPrefix: Hashable {
    private let bits: UInt64

    init(_ ip: IPAddress) {
        switch ip {
        // No global IPv6 prefix has its upper 32 bits all zero, so the two never meet.
        case .v4(let address): bits = UInt64(address)
        case .v6(let high, _): bits = high & 0xffff_ffff_ffff_ff00
        }
    }
}

/// Slots in the order of their last activity, for finding the idlest at once. Every operation takes
/// constant time; memory is two numbers a slot.
struct ActivityList {
    private static let none = UInt32.max
    private var newer: [UInt32] = []
    private var older: [UInt32] = []
    private var newest = none
    /// The slot longest without activity; nil when the list is empty.
    var idlest: UInt32? { oldest == Self.none ? nil : oldest }
    private var oldest = none

    /// Puts a slot that is not in the list at the newest end.
    mutating func insert(_ slot: UInt32) {
        while newer.count <= Int(slot) {
            newer.append(Self.none)
            older.append(Self.none)
        }
        newer[Int(slot)] = Self.none
        older[Int(slot)] = newest
        if newest == Self.none { oldest = slot } else { newer[Int(newest)] = slot }
        newest = slot
    }

    /// Takes out a slot that is in the list.
    mutating func remove(_ slot: UInt32) {
        let (after, before) = (newer[Int(slot)], older[Int(slot)])
        if after == Self.none { newest = before } else { older[Int(after)] = before }
        if before == Self.none { oldest = after } else { newer[Int(before)] = after }
    }

    /// Moves a slot that is in the list to the newest end.
    mutating func touch(_ slot: UInt32) {
        guard slot != newest else { return }
        remove(slot)
        insert(slot)
    }
}
