package import DNS

/// One query as it arrived. One object is used for all queries of a loop: its contents hold during
/// the handler's call only. Confined to the worker's queue.
package final class Arrival {
    package var clientPort: UInt16 { peer.port }

    var peer = KernelAddress()
    var transport = ClientTransport.udp
    var local = LocalAddress()
    /// The listener, for UDP; the connection, for TCP.
    var key = SlotKey(slot: 0, generation: 0)
    /// Whether the handler has asked for the reply path, so that an answer may come later.
    var isPathTaken = false

    /// The next queries come to this listener or connection.
    func begin(_ transport: ClientTransport, _ key: SlotKey) {
        self.transport = transport
        self.key = key
        local = LocalAddress()
    }

    /// Where the answer goes, to be kept for one later `NetworkLoop.send`. Over TCP a query whose
    /// path was taken is in flight until it is answered or abandoned.
    package func replyPath() -> ReplyPath {
        isPathTaken = true
        return ReplyPath(transport: transport, key: key, peer: peer, local: local)
    }
}

/// Where a later answer goes: for UDP the client, the address that it asked, and the listener; for
/// TCP the connection. It stays valid, and useless, when listener or connection are gone.
package struct ReplyPath: Sendable {
    package let transport: ClientTransport
    let key: SlotKey
    let peer: KernelAddress
    let local: LocalAddress
}
