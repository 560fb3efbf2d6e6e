internal import DNS

/// The two sockets of one worker at one address. A plain pair of descriptors: whoever holds it
/// last closes it; a loop that it is added to takes it over.
package struct ListeningSocketPair: Sendable {
    package let udp: Int32
    package let tcp: Int32
    /// Where both listen; the port is the real one also when 0 was asked for.
    package let address: SocketAddress

    /// A pair from descriptors that are already bound, and for TCP listening.
    package init(udp: Int32, tcp: Int32, address: SocketAddress) {
        self.udp = udp
        self.tcp = tcp
        self.address = address
    }

    /// Closes both, for a pair that no loop has taken over.
    package func close() {
        Syscalls.close(udp)
        Syscalls.close(tcp)
    }
}

/// Opens the listening sockets of all workers, one UDP and one TCP socket per address and worker.
///
/// The port is this server's alone. The first socket binds without SO_REUSEPORT, so it fails where
/// anybody has the port, and gets the option only once the port is its own: for UDP after `bind`,
/// for TCP after `listen`, because SO_REUSEADDR lets two sockets bind but never two listen. A second
/// server that does the same thus fails at every point of the race. The other workers' sockets then
/// join with SO_REUSEPORT, and the kernel spreads clients over all.
package enum ListeningSockets {
    /// Workers that one address may have; more than any host's cores need.
    static let maximumWorkers = 256
    /// TCP connections that wait to be accepted; the system's somaxconn lowers it.
    private static let backlog: Int32 = 1024
    /// Octets of datagrams that wait to be read: some 50 000 queries in a burst.
    private static let receiveBuffer: Int32 = 4 * 1024 * 1024
    /// Ports tried when the system chooses one (port 0) until TCP has the one that UDP got.
    private static let portAttempts = 16

    /// Opens a pair for each worker. Throws with nothing left open. `besideOwn` says that this
    /// process listens at an address that overlaps already (0.0.0.0 and 127.0.0.1 at one port), so
    /// the port is known to be this server's; `mayBeAbsent`, that no interface need have the address
    /// yet: the sockets answer once one does.
    ///
    /// The `bound` sockets that serve the address are used in place of new ones, by further
    /// descriptors, so they stay the caller's. When they are more than workers, so are the pairs.
    package static func open(
        _ address: SocketAddress, workers: Int, besideOwn: Bool = false, mayBeAbsent: Bool = false,
        bound: [BoundSocket] = []
    ) throws(TransportError) -> [ListeningSocketPair] {
        precondition((1...maximumWorkers).contains(workers))
        var attempt = 1
        while true {
            do throws(TransportError) {
                return try openPairs(
                    address, workers, besideOwn: besideOwn, mayBeAbsent: mayBeAbsent,
                    bound.filter { $0.serves(address) })
            } catch {
                guard case .addressInUse = error, address.port == 0, attempt < portAttempts else {
                    throw error
                }
                attempt += 1
            }
        }
    }

    private static func openPairs(
        _ address: SocketAddress, _ workers: Int, besideOwn: Bool, mayBeAbsent: Bool,
        _ bound: [BoundSocket]
    ) throws(TransportError) -> [ListeningSocketPair] {
        let udp = bound.filter { $0.transport == .udp }
        let tcp = bound.filter { $0.transport == .tcp }
        var pairs: [ListeningSocketPair] = []
        do throws(TransportError) {
            var address = address
            for index in 0..<max(workers, udp.count, tcp.count) {
                pairs.append(
                    try openPair(
                        address, index, isFirst: index == 0 && !besideOwn,
                        mayBeAbsent: mayBeAbsent, udp, tcp))
                address = pairs[0].address
            }
            return pairs
        } catch {
            for pair in pairs { pair.close() }
            throw error
        }
    }

    private static func openPair(
        _ address: SocketAddress, _ index: Int, isFirst: Bool, mayBeAbsent: Bool,
        _ boundUDP: [BoundSocket], _ boundTCP: [BoundSocket]
    ) throws(TransportError) -> ListeningSocketPair {
        let udp =
            try boundUDP.isEmpty
            ? openUDP(address, isFirst: isFirst, mayBeAbsent: mayBeAbsent)
            : takeUDP(try boundUDP.duplicate(for: index, at: address, .udp), address)
        do throws(TransportError) {
            guard let bound = Syscalls.localAddress(udp) else {
                throw .system(operation: "getsockname", errno: 0)
            }
            var actual = address
            actual.port = bound.port
            let tcp =
                try boundTCP.isEmpty
                ? openTCP(actual, isFirst: isFirst, mayBeAbsent: mayBeAbsent)
                : boundTCP.duplicate(for: index, at: address, .tcp)
            return ListeningSocketPair(udp: udp, tcp: tcp, address: actual)
        } catch {
            Syscalls.close(udp)
            throw error
        }
    }

    private static func openUDP(
        _ address: SocketAddress, isFirst: Bool, mayBeAbsent: Bool
    ) throws(TransportError) -> Int32 {
        let setup = try SocketSetup(address, .udp)
        if mayBeAbsent { try setup.allowAbsentAddress() }
        setup.setReceiveBuffer(octets: receiveBuffer)
        setup.ignorePathMTU()
        if isFirst {
            try setup.bind()
            try setup.allowSiblings()
        } else {
            try setup.allowSiblings()
            try setup.bind()
        }
        return setup.descriptor
    }

    /// A socket that the service manager has opened lacks what those opened here have.
    private static func takeUDP(_ descriptor: Int32, _ address: SocketAddress) -> Int32 {
        Syscalls.setReceiveBuffer(descriptor, octets: receiveBuffer)
        Syscalls.ignorePathMTU(descriptor, ipv6: address.isIPv6)
        return descriptor
    }

    private static func openTCP(
        _ address: SocketAddress, isFirst: Bool, mayBeAbsent: Bool
    ) throws(TransportError) -> Int32 {
        let setup = try SocketSetup(address, .tcp)
        if mayBeAbsent { try setup.allowAbsentAddress() }
        // Connections of an earlier process in TIME_WAIT do not keep the port.
        try setup.allowTimeWait()
        if !isFirst { try setup.allowSiblings() }
        try setup.bind()
        try setup.listen(backlog: backlog)
        if isFirst { try setup.allowSiblings() }
        return setup.descriptor
    }
}

/// A socket on its way to listening. Each step that throws has closed it.
private struct SocketSetup {
    let descriptor: Int32
    private let address: SocketAddress
    private let transport: ClientTransport

    init(_ address: SocketAddress, _ transport: ClientTransport) throws(TransportError) {
        self.address = address
        self.transport = transport
        descriptor = Syscalls.socket(ipv6: address.isIPv6, stream: transport == .tcp)
        guard descriptor >= 0 else {
            throw TransportError("socket", -descriptor, address, transport)
        }
        // A `::` listener must not take the IPv4 port as well: 0.0.0.0 is a listener of its own.
        if address.isIPv6 { try check("IPV6_V6ONLY", Syscalls.setOnlyIPv6(descriptor)) }
    }

    func allowAbsentAddress() throws(TransportError) {
        try check("IP_FREEBIND", Syscalls.setFreeBind(descriptor, ipv6: address.isIPv6))
    }

    func allowTimeWait() throws(TransportError) {
        try check("SO_REUSEADDR", Syscalls.setReuseAddress(descriptor))
    }

    func allowSiblings() throws(TransportError) {
        try check("SO_REUSEPORT", Syscalls.setReusePort(descriptor))
    }

    func bind() throws(TransportError) {
        try check("bind", Syscalls.bind(descriptor, KernelAddress(address)))
    }

    func listen(backlog: Int32) throws(TransportError) {
        try check("listen", Syscalls.listen(descriptor, backlog: backlog))
    }

    /// As much as the system grants; less is no error.
    func setReceiveBuffer(octets: Int32) {
        Syscalls.setReceiveBuffer(descriptor, octets: octets)
    }

    /// Where the kernel knows the option; without it the kernel's default holds.
    func ignorePathMTU() { Syscalls.ignorePathMTU(descriptor, ipv6: address.isIPv6) }

    private func check(_ operation: String, _ error: Int32) throws(TransportError) {
        guard error != 0 else { return }
        Syscalls.close(descriptor)
        throw TransportError(operation, error, address, transport)
    }
}
