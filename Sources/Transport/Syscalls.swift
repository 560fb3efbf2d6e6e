internal import CSockets
internal import DNS
internal import Glibc

/// The outcome of a read or write on a socket.
enum Transfer: Equatable {
    /// So many octets went through; 0 from a stream is its end.
    case done(Int)
    /// The socket is not ready.
    case wouldBlock
    /// The errno.
    case failed(Int32)
}

/// The system calls of this module behind safe Swift types. Each reports its errno as a value.
///
/// The `unsafe` expressions here are sound for one reason: every pointer is to a local variable or
/// to the storage of a span, lives for the one call it is passed to, and comes with its true length.
enum Syscalls {
    /// An errno for a log line.
    static func describe(_ error: Int32) -> String {
        // `strerror` gives a valid C string for any number; it is copied at once.
        unsafe String(cString: strerror(error))
    }

    /// The errno of this thread's last failed call.
    static var lastError: Int32 { errno }

    /// CLOCK_BOOTTIME in nanoseconds. It cannot fail with this clock and a valid address.
    static func bootTime() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) &* MonotonicClock.nanosecondsPerSecond &+ Int64(time.tv_nsec)
    }

    /// CLOCK_REALTIME_COARSE in seconds, modulo 2^32.
    static func wallClockSeconds() -> UInt32 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return UInt32(truncatingIfNeeded: time.tv_sec)
    }

    /// Fills up to 32 words from the kernel's cryptographic generator.
    static func fillWithRandomness(_ words: inout [UInt64]) {
        // 256 octets come whole, once the generator was seeded at boot; and who has no randomness must
        // not go on. The address and the length are those of the array.
        let error = unsafe words.withUnsafeMutableBytes { octets in
            unsafe getentropy(octets.baseAddress, octets.count)
        }
        precondition(error == 0, "no randomness from the kernel")
    }

    /// A nonblocking socket that is closed on exec; or a negated errno.
    static func socket(ipv6: Bool, stream: Bool) -> Int32 {
        let descriptor = hs_socket(ipv6, stream)
        return descriptor < 0 ? -errno : descriptor
    }

    /// 0, or the errno.
    static func bind(_ descriptor: Int32, _ address: KernelAddress) -> Int32 {
        var address = address
        let length = address.length
        return unsafe hs_bind(descriptor, &address, length) < 0 ? errno : 0
    }

    /// 0, or the errno; EINPROGRESS is usual for a stream.
    static func connect(_ descriptor: Int32, _ address: KernelAddress) -> Int32 {
        var address = address
        let length = address.length
        return unsafe hs_connect(descriptor, &address, length) < 0 ? errno : 0
    }

    /// 0, or the errno.
    static func listen(_ descriptor: Int32, backlog: Int32) -> Int32 {
        Glibc.listen(descriptor, backlog) < 0 ? errno : 0
    }

    /// Sets an option that every IPv6 listener needs. 0, or the errno; so with the next two.
    static func setFreeBind(_ descriptor: Int32, ipv6: Bool) -> Int32 {
        hs_free_bind(descriptor, ipv6) < 0 ? errno : 0
    }

    static func setOnlyIPv6(_ descriptor: Int32) -> Int32 {
        hs_only_ipv6(descriptor) < 0 ? errno : 0
    }

    static func setReuseAddress(_ descriptor: Int32) -> Int32 {
        hs_reuse_address(descriptor) < 0 ? errno : 0
    }

    static func setReusePort(_ descriptor: Int32) -> Int32 {
        hs_reuse_port(descriptor) < 0 ? errno : 0
    }

    /// Options that a socket works without: the outcome is not looked at.
    static func setReceiveBuffer(_ descriptor: Int32, octets: Int32) {
        _ = hs_receive_buffer(descriptor, octets)
    }

    static func ignorePathMTU(_ descriptor: Int32, ipv6: Bool) {
        _ = hs_ignore_path_mtu(descriptor, ipv6)
    }

    static func allowFragments(_ descriptor: Int32, ipv6: Bool) {
        _ = hs_allow_fragments(descriptor, ipv6)
    }

    /// Answers are written whole: nothing is gained by waiting for more (Nagle's algorithm).
    static func setNoDelay(_ descriptor: Int32) { _ = hs_no_delay(descriptor) }

    /// Acknowledges at once what has come, which the kernel may else put off by 40 ms.
    static func acknowledge(_ descriptor: Int32) { _ = hs_acknowledge(descriptor) }

    /// More than so many octets that are not on their way yet make a stream not writable.
    static func setUnsentLimit(_ descriptor: Int32, octets: Int32) {
        _ = hs_limit_unsent(descriptor, octets)
    }

    /// How long a peer may leave octets unacknowledged or keep its window shut.
    static func setUserTimeout(_ descriptor: Int32, milliseconds: Int32) {
        _ = hs_user_timeout(descriptor, milliseconds)
    }

    /// Ends this side's half of a stream; an error is that of a peer that has gone.
    static func shutDownOutput(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Every datagram tells where it was sent to. 0, or the errno.
    static func setTellsLocal(_ descriptor: Int32, ipv6: Bool) -> Int32 {
        hs_tell_local(descriptor, ipv6) < 0 ? errno : 0
    }

    /// For descriptors that were opened elsewhere. 0, or the errno.
    static func setNonblocking(_ descriptor: Int32) -> Int32 {
        let flags = fcntl(descriptor, F_GETFL)
        return flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? errno : 0
    }

    /// A connection and its peer; or a negated errno.
    static func accept(_ listener: Int32) -> (descriptor: Int32, peer: KernelAddress) {
        var peer = KernelAddress()
        var length = KernelAddress.capacity
        let descriptor = unsafe hs_accept(listener, &peer, &length)
        return (descriptor < 0 ? -errno : descriptor, peer)
    }

    /// The address that a socket is bound to; nil when it is not an IP socket.
    static func localAddress(_ descriptor: Int32) -> SocketAddress? {
        var address = KernelAddress()
        var length = KernelAddress.capacity
        guard unsafe hs_socket_name(descriptor, &address, &length) == 0 else { return nil }
        return address.socketAddress
    }

    /// What a descriptor that was opened elsewhere serves clients over; nil when it is no UDP socket
    /// and no listening TCP socket.
    static func transport(of descriptor: Int32) -> ClientTransport? {
        switch hs_socket_kind(descriptor) {
        case Int32(hs_udp_socket): .udp
        case Int32(hs_listening_tcp_socket): .tcp
        default: nil
        }
    }

    /// Whether an IPv6 socket takes IPv4 as well.
    static func takesIPv4(_ descriptor: Int32) -> Bool { hs_takes_ipv4(descriptor) }

    static func close(_ descriptor: Int32) {
        // EINTR too has closed it on Linux; nothing is to be done about other errors.
        _ = Glibc.close(descriptor)
    }

    /// The error pending on a socket, cleared by this call; 0 for none.
    static func pendingError(_ descriptor: Int32) -> Int32 { hs_pending_error(descriptor) }

    /// Sends octets on a stream, or one datagram on a connected socket.
    static func send(_ descriptor: Int32, _ octets: Span<UInt8>) -> Transfer {
        transfer(
            unsafe octets.withUnsafeBytes { unsafe hs_send(descriptor, $0.baseAddress, $0.count) })
    }

    /// Sends a DNS message as one datagram with `id` in place of its first two octets.
    static func send(_ descriptor: Int32, id: UInt16, _ message: Span<UInt8>) -> Transfer {
        var id = id.bigEndian
        return transfer(
            unsafe message.withUnsafeBytes { octets in
                guard octets.count >= 2, let start = octets.baseAddress else { return 0 }
                return unsafe hs_send_parts(descriptor, &id, 2, start + 2, octets.count - 2)
            })
    }

    /// Receives from a stream into `octets` from `offset` on, up to `limit` octets.
    static func receive(
        _ descriptor: Int32, into octets: inout [UInt8], at offset: Int, limit: Int
    ) -> Transfer {
        precondition(offset >= 0 && limit > 0 && limit <= octets.count - offset)
        return transfer(
            unsafe octets.withUnsafeMutableBytes { octets in
                guard let start = octets.baseAddress else { return 0 }
                return unsafe hs_receive(descriptor, start + offset, limit)
            })
    }

    /// Receives from a stream into `octets`.
    static func receive(_ descriptor: Int32, into octets: inout MutableSpan<UInt8>) -> Transfer {
        transfer(
            unsafe octets.withUnsafeMutableBytes {
                unsafe hs_receive(descriptor, $0.baseAddress, $0.count)
            })
    }

    private static func transfer(_ result: Int) -> Transfer {
        guard result < 0 else { return .done(result) }
        let error = errno
        return error == EAGAIN || error == EINTR ? .wouldBlock : .failed(error)
    }

    /// A socket that is told of every change of the host's interfaces; or a negated errno.
    static func netlinkSocket() -> Int32 {
        let descriptor = hs_netlink_open()
        return descriptor < 0 ? -errno : descriptor
    }

    /// Asks a netlink socket for all that there is of a kind. 0, or the errno.
    static func dump(_ descriptor: Int32, _ kind: UInt16) -> Int32 {
        hs_netlink_dump(descriptor, kind) < 0 ? errno : 0
    }

    static func waitUntilReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        hs_wait_until_readable(descriptor, milliseconds) == 1
    }

    /// An epoll set's descriptor; or a negated errno.
    static func pollDescriptor() -> Int32 {
        let descriptor = hs_poll_create()
        return descriptor < 0 ? -errno : descriptor
    }

    /// An eventfd; or a negated errno.
    static func eventDescriptor() -> Int32 {
        let descriptor = hs_event_fd()
        return descriptor < 0 ? -errno : descriptor
    }

    /// Adds 1 to an eventfd. It fails only when it is full, and then it is readable anyway.
    static func signal(_ descriptor: Int32) {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    /// Takes what an eventfd or a timer has counted, so that it is no longer readable.
    static func takeCount(_ descriptor: Int32) {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
    }

    /// A timer's descriptor; or a negated errno.
    static func timerDescriptor() -> Int32 {
        let descriptor = hs_timer_fd()
        return descriptor < 0 ? -errno : descriptor
    }

    /// Lets a timer fire every so many nanoseconds; 0 stops it.
    static func setTimer(_ descriptor: Int32, period: Int64) {
        _ = hs_timer_set(descriptor, period)
    }

    /// A second descriptor of the same open file; or negative.
    static func duplicate(_ descriptor: Int32) -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

    /// How many descriptors the process may have; nil when the kernel does not say.
    static func descriptorLimit() -> UInt64? {
        var limit = rlimit()
        return unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
            ? UInt64(limit.rlim_cur) : nil
    }

    /// Raises RLIMIT_NOFILE to its hard limit. Returns the limit, or nil when it cannot be raised.
    static func raiseDescriptorLimit() -> UInt64? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return nil
        }
        limit.rlim_cur = limit.rlim_max
        let isRaised = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return isRaised ? UInt64(limit.rlim_max) : nil
    }
}

/// Raises the process's number of open descriptors to what the system allows it. The program calls
/// this once, before any socket is opened. Returns the limit, or nil when it stays as it was.
@discardableResult
package func raiseDescriptorLimit() -> UInt64? { Syscalls.raiseDescriptorLimit() }

/// How many descriptors the process may have at present; nil when the kernel does not say.
package func descriptorLimit() -> UInt64? { Syscalls.descriptorLimit() }

/// How many processors this process may run on, as taskset(1) and a unit's CPUAffinity leave them.
package func availableProcessors() -> Int { Int(hs_available_processors()) }
