package import DNS

/// A socket that was bound before this process began, and for TCP listens: the service manager has
/// opened it, or kept it from an earlier process. A plain value: whoever holds it last closes it.
package struct BoundSocket: Hashable, Sendable {
    package let descriptor: Int32
    package let transport: ClientTransport
    package let address: SocketAddress
    /// An IPv6 socket that takes IPv4 as well, for which `listen` has no word: there `[::]` is IPv6
    /// alone.
    package let takesIPv4: Bool

    /// What a descriptor is; nil when it is no UDP socket and no listening TCP socket.
    package init?(_ descriptor: Int32) {
        guard let transport = Syscalls.transport(of: descriptor),
            let address = Syscalls.localAddress(descriptor)
        else { return nil }
        self.init(
            descriptor, transport, address, takesIPv4: Syscalls.takesIPv4(descriptor))
    }

    package init(
        _ descriptor: Int32, _ transport: ClientTransport, _ address: SocketAddress,
        takesIPv4: Bool = false
    ) {
        self.descriptor = descriptor
        self.transport = transport
        self.address = address
        self.takesIPv4 = takesIPv4
    }

    /// Whether what is sent to `address` arrives here, and nothing else. (`listen` names no interface.)
    package func serves(_ address: SocketAddress) -> Bool {
        !takesIPv4 && self.address.ip == address.ip && self.address.port == address.port
    }

    package func close() { Syscalls.close(descriptor) }
}

extension [BoundSocket] {
    /// Another descriptor of the socket that is for the pair at `index`: all sockets are served, by
    /// workers in turn, for what is sent to one that nobody reads is lost; and where there are fewer
    /// sockets than workers, several share one. (They cannot join it as they join their own: a
    /// port's sockets must be of one user.)
    func duplicate(
        for index: Int, at address: SocketAddress, _ transport: ClientTransport
    ) throws(TransportError) -> Int32 {
        let descriptor = Syscalls.duplicate(self[index % count].descriptor)
        guard descriptor >= 0 else {
            throw TransportError("fcntl", Syscalls.lastError, address, transport)
        }
        return descriptor
    }
}
