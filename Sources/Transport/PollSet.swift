internal import CSockets
internal import Glibc

/// What a descriptor in the poll set belongs to.
enum PollTarget: UInt8 {
    case wakeUp = 1
    case timer
    case udpListener
    case tcpListener
    case tcpConnection
    case upstreamSocket
    case upstreamConnection
}

/// What a poll set reports about a descriptor: whose it is, and which of its uses.
struct PollToken: Equatable {
    /// Target in the upper 8 bits, then 24 bits of slot and 32 of generation.
    fileprivate let bits: UInt64

    init(_ target: PollTarget, _ key: SlotKey = SlotKey(slot: 0, generation: 0)) {
        bits = UInt64(target.rawValue) << 56 | UInt64(key.slot) << 32 | UInt64(key.generation)
    }

    fileprivate init(bits: UInt64) { self.bits = bits }

    /// nil is impossible: only tokens made above are in a set.
    var target: PollTarget? { PollTarget(rawValue: UInt8(truncatingIfNeeded: bits >> 56)) }

    var key: SlotKey {
        SlotKey(
            slot: UInt32(truncatingIfNeeded: bits >> 32) & 0xff_ffff,
            generation: UInt32(truncatingIfNeeded: bits))
    }
}

/// What to wait for, and what has happened.
struct Readiness: OptionSet {
    let rawValue: UInt32

    static let readable = Readiness(rawValue: hs_readable)
    static let writable = Readiness(rawValue: hs_writable)
    /// Of several sets that watch one open socket not all are woken; for `add` alone.
    static let exclusive = Readiness(rawValue: hs_exclusive)
    /// Reported whether asked for or not.
    static let error = Readiness(rawValue: hs_error)
    /// Both directions are closed; reported whether asked for or not.
    static let hangUp = Readiness(rawValue: hs_hang_up)
}

/// A worker's epoll set, level-triggered. Owns its descriptor. Confined to the worker's queue.
///
/// The `unsafe` expressions are sound because the event buffer is allocated with `capacity` events,
/// the kernel is told that capacity, and only the events of the last `wait` are read.
@safe final class PollSet {
    /// Events taken in one call: enough for 32 ready connections and as many upstream sockets.
    static let capacity = Int(hs_event_capacity)

    /// An epoll descriptor is itself pollable: the worker's dispatch source watches it.
    let descriptor: Int32
    private let events: UnsafeMutablePointer<hs_event>

    init() throws(TransportError) {
        descriptor = Syscalls.pollDescriptor()
        unsafe events = .allocate(capacity: Self.capacity)
        unsafe events.initialize(repeating: hs_event(), count: Self.capacity)
        guard descriptor >= 0 else {
            throw .system(operation: "epoll_create1", errno: -descriptor)
        }
    }

    deinit {
        unsafe events.deallocate()
        if descriptor >= 0 { Syscalls.close(descriptor) }
    }

    /// Starts to watch. 0, or the errno (ENOMEM, or ENOSPC past the user's limit of watches).
    @discardableResult
    func add(_ descriptor: Int32, _ token: PollToken, _ readiness: Readiness) -> Int32 {
        hs_poll_add(self.descriptor, descriptor, readiness.rawValue, token.bits) < 0 ? errno : 0
    }

    /// Changes what a descriptor is watched for. It cannot fail for one that is in the set.
    func modify(_ descriptor: Int32, _ token: PollToken, _ readiness: Readiness) {
        _ = hs_poll_modify(self.descriptor, descriptor, readiness.rawValue, token.bits)
    }

    /// Stops watching; to be called before a descriptor is closed that has been duplicated.
    func remove(_ descriptor: Int32) {
        _ = hs_poll_remove(self.descriptor, descriptor)
    }

    /// Waits up to so many milliseconds. Returns how many events there are; 0 also on a signal.
    func wait(milliseconds: Int32) -> Int {
        max(0, Int(unsafe hs_poll_wait(descriptor, events, Int32(Self.capacity), milliseconds)))
    }

    /// The event at `index`, which is below the last `wait`'s result.
    func event(_ index: Int) -> (token: PollToken, readiness: Readiness) {
        precondition(index >= 0 && index < Self.capacity)
        let event = unsafe events[index]
        return (PollToken(bits: event.token), Readiness(rawValue: event.flags))
    }
}
