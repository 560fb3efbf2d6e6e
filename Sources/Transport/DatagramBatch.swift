internal import CSockets
internal import DNS
internal import Glibc

/// How datagram batches are laid out.
enum DatagramLimits {
    /// Datagrams of one system call. More bring nothing (measured: 8, 32 and 64 are alike).
    static let batch = 32
    /// Octets of a received datagram; longer ones are dropped. No query is near it, and an upstream
    /// keeps to the announced 1232.
    static let received = 4096
    /// Octets of a sent datagram: what crosses any network unfragmented (RFC 9715 §3.1).
    static let sent = 1232
    /// From one sent datagram's buffer to the next: whole cache lines.
    static let sentStride = 1280
}

/// Where a datagram was sent to. `family` is 0 when the socket does not tell.
struct LocalAddress: Sendable {
    fileprivate var high: UInt64 = 0
    fileprivate var low: UInt64 = 0
    fileprivate var interface: UInt32 = 0
    fileprivate var family: Int32 = 0

    /// The address; nil when the socket does not tell. A mapped IPv6 address comes as IPv4.
    var ip: IPAddress? {
        switch family {
        case AF_INET: .v4(UInt32(truncatingIfNeeded: high).bigEndian)
        case AF_INET6: IPAddress.unmapped(high.bigEndian, low.bigEndian)
        default: nil
        }
    }
}

/// The kernel structures of `DatagramLimits.batch` datagrams. Owns all memory they point to.
///
/// The `unsafe` expressions of this file are sound because each array is allocated here for `batch`
/// entries and lives as long as the object; indices are checked against `batch`; lengths given to
/// the kernel are those of the allocation; and lengths from the kernel never exceed them.
@unsafe private struct DatagramStorage {
    let headers: UnsafeMutablePointer<hs_datagram>
    let vectors: UnsafeMutablePointer<iovec>
    let peers: UnsafeMutablePointer<KernelAddress>
    let controls: UnsafeMutableRawPointer
    let octets: UnsafeMutablePointer<UInt8>
    let stride: Int

    init(stride: Int) {
        let count = DatagramLimits.batch
        unsafe self.stride = stride
        unsafe headers = .allocate(capacity: count)
        unsafe vectors = .allocate(capacity: count)
        unsafe peers = .allocate(capacity: count)
        unsafe peers.initialize(repeating: KernelAddress(), count: count)
        // 16 is more than any control message's alignment.
        unsafe controls = .allocate(byteCount: count * Int(hs_control_capacity), alignment: 16)
        unsafe octets = .allocate(capacity: count * stride)
        unsafe octets.initialize(repeating: 0, count: count * stride)
        for index in 0..<count {
            unsafe (vectors + index).initialize(
                to: iovec(iov_base: octets + index * stride, iov_len: stride))
            var header = unsafe hs_datagram()
            unsafe header.header.msg_name = UnsafeMutableRawPointer(peers + index)
            unsafe header.header.msg_iov = vectors + index
            unsafe header.header.msg_iovlen = 1
            unsafe header.header.msg_control = controls + index * Int(hs_control_capacity)
            unsafe (headers + index).initialize(to: header)
        }
    }

    func deallocate() {
        unsafe headers.deallocate()
        unsafe vectors.deallocate()
        unsafe peers.deallocate()
        unsafe controls.deallocate()
        unsafe octets.deallocate()
    }
}

/// Datagrams received together. Confined to the worker's queue.
@safe final class ReceiveBatch {
    private let storage: DatagramStorage

    init() { unsafe storage = DatagramStorage(stride: DatagramLimits.received) }
    deinit { unsafe storage.deallocate() }

    /// Receives what is there, up to a batch. Returns the number, or a negated errno.
    func receive(from descriptor: Int32, tellsLocal: Bool) -> Int {
        let headers = unsafe storage.headers
        let control = tellsLocal ? Int(hs_control_capacity) : 0
        for index in 0..<DatagramLimits.batch {
            unsafe headers[index].header.msg_namelen = KernelAddress.capacity
            unsafe headers[index].header.msg_controllen = control
        }
        let count = unsafe hs_receive_batch(descriptor, headers, UInt32(DatagramLimits.batch))
        return count < 0 ? -Int(errno) : Int(count)
    }

    /// The octets of datagram `index` of the last `receive`; valid until the next.
    @inline(__always)
    @_lifetime(borrow self)
    func message(_ index: Int) -> Span<UInt8> {
        precondition(index >= 0 && index < DatagramLimits.batch)
        let stride = unsafe storage.stride
        let length = min(Int(unsafe storage.headers[index].length), stride)
        let span = unsafe Span(_unsafeStart: storage.octets + index &* stride, count: length)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    @inline(__always)
    func peer(_ index: Int) -> KernelAddress {
        precondition(index >= 0 && index < DatagramLimits.batch)
        return unsafe storage.peers[index]
    }

    /// Whether the datagram was longer than its buffer.
    @inline(__always)
    func isTruncated(_ index: Int) -> Bool {
        precondition(index >= 0 && index < DatagramLimits.batch)
        return unsafe storage.headers[index].header.msg_flags & hs_message_truncated != 0
    }

    /// Where the datagram was sent to, for sockets that tell.
    func local(_ index: Int) -> LocalAddress {
        precondition(index >= 0 && index < DatagramLimits.batch)
        let local = unsafe hs_read_local(&storage.headers[index].header)
        return LocalAddress(
            high: local.octets.0, low: local.octets.1, interface: local.interface,
            family: local.family)
    }
}

/// Datagrams to be sent together from one socket. Confined to the worker's queue.
@safe final class SendBatch {
    private let storage: DatagramStorage
    private(set) var count = 0

    init() { unsafe storage = DatagramStorage(stride: DatagramLimits.sentStride) }
    deinit { unsafe storage.deallocate() }

    var isFull: Bool { count >= DatagramLimits.batch }

    /// The next datagram's octets, to be written before `commit`. The batch is not full.
    @inline(__always)
    @_lifetime(borrow self)
    func next() -> MutableSpan<UInt8> {
        precondition(count < DatagramLimits.batch)
        let start = unsafe storage.octets + count &* storage.stride
        let span = unsafe MutableSpan(_unsafeStart: start, count: DatagramLimits.sent)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Adds the datagram written into `next()`.
    @inline(__always)
    func commit(length: Int, to peer: KernelAddress, from local: LocalAddress) {
        precondition(count < DatagramLimits.batch && length >= 0 && length <= DatagramLimits.sent)
        unsafe storage.vectors[count].iov_len = length
        unsafe storage.peers[count] = peer
        unsafe storage.headers[count].header.msg_namelen = peer.length
        if local.family == 0 {
            unsafe storage.headers[count].header.msg_controllen = 0
        } else {
            var source = hs_local()
            source.octets = (local.high, local.low)
            source.interface = local.interface
            source.family = local.family
            unsafe hs_write_local(&storage.headers[count].header, &source)
        }
        count &+= 1
    }

    /// The octets of datagram `index`, which was committed.
    @_lifetime(borrow self)
    func message(_ index: Int) -> Span<UInt8> {
        precondition(index >= 0 && index < count)
        let start = unsafe storage.octets + index &* storage.stride
        let span = unsafe Span(
            _unsafeStart: start, count: storage.vectors[index].iov_len)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Adds the datagram written into `next()`, for the peer that the socket is connected to.
    func commit(length: Int) {
        precondition(count < DatagramLimits.batch && length >= 0 && length <= DatagramLimits.sent)
        unsafe storage.vectors[count].iov_len = length
        unsafe storage.headers[count].header.msg_namelen = 0
        unsafe storage.headers[count].header.msg_controllen = 0
        count &+= 1
    }

    /// Sends the datagrams from `first` on, until the kernel refuses one. Returns how many went out,
    /// or a negated errno when it refused the first.
    func send(from first: Int, to descriptor: Int32) -> Int {
        precondition(first >= 0 && first < count)
        let sent = unsafe hs_send_batch(
            descriptor, storage.headers + first, UInt32(truncatingIfNeeded: count &- first))
        return sent < 0 ? -Int(errno) : Int(sent)
    }

    func removeAll() { count = 0 }

    /// Sends all and empties the batch. What the kernel has no room for is held; a datagram that it
    /// refuses for another reason is passed over.
    func flush(
        to descriptor: Int32, of key: SlotKey, _ held: HeldDatagrams, _ context: LoopContext
    ) {
        var next = 0
        // Each turn sends or passes over at least one: at most `batch` turns.
        while next < count {
            let sent = unsafe hs_send_batch(
                descriptor, storage.headers + next, UInt32(truncatingIfNeeded: count &- next))
            if sent > 0 {
                context.counters.sent &+= UInt64(sent)
                next &+= Int(sent)
            } else if HeldDatagrams.isPassing(errno) {
                let end = held.hold(self, from: next, of: key, now: context.now)
                context.counters.sendDelays &+= UInt64(end &- next)
                context.counters.sendFailures &+= UInt64(count &- end)
                break
            } else {
                context.counters.sendFailures &+= 1
                next &+= 1
            }
        }
        count = 0
    }

    /// Adds datagram `index` of another batch, with where it goes and where it leaves from.
    func append(_ index: Int, of other: SendBatch) {
        precondition(count < DatagramLimits.batch && index >= 0 && index < other.count)
        let length = unsafe other.storage.vectors[index].iov_len
        unsafe (storage.octets + count * storage.stride)
            .update(from: other.storage.octets + index * other.storage.stride, count: length)
        unsafe storage.vectors[count].iov_len = length
        unsafe storage.peers[count] = other.storage.peers[index]
        let capacity = Int(hs_control_capacity)
        unsafe (storage.controls + count * capacity)
            .copyMemory(from: other.storage.controls + index * capacity, byteCount: capacity)
        unsafe storage.headers[count].header.msg_namelen =
            other.storage.headers[index].header.msg_namelen
        unsafe storage.headers[count].header.msg_controllen =
            other.storage.headers[index].header.msg_controllen
        count &+= 1
    }
}
