internal import DNS

/// The answers to what one reading of a connection has brought, each with its length before it, so
/// that one write sends them all. Owns its memory. Confined to the worker's queue.
///
/// The `unsafe` expressions are sound because the memory is allocated and filled here, lives as long
/// as the object, and has room for the longest answer after any number of octets that `next` takes.
@safe final class StreamAnswers {
    private let start: UnsafeMutablePointer<UInt8>
    /// Octets gathered, lengths included.
    private(set) var count = 0
    /// Answers gathered.
    private(set) var messages: UInt64 = 0

    /// Octets that are enough for one write; no answer is added to so many.
    static let sufficient = 128 * 1024
    private static let longest = StreamFrames.prefix + StreamFrames.maximumMessage

    init() {
        unsafe start = .allocate(capacity: Self.sufficient + Self.longest)
        unsafe start.initialize(repeating: 0, count: Self.sufficient + Self.longest)
    }

    deinit { unsafe start.deallocate() }

    /// All that was gathered.
    var octets: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: start, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Where the next answer goes, to be written before `commit`: room for the longest.
    @inline(__always)
    @_lifetime(borrow self)
    func next() -> MutableSpan<UInt8> {
        precondition(count < Self.sufficient)
        let span = unsafe MutableSpan(
            _unsafeStart: start + count + StreamFrames.prefix, count: StreamFrames.maximumMessage)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Adds the answer written into `next()`.
    @inline(__always)
    func commit(length: Int) {
        precondition(count < Self.sufficient && (0...StreamFrames.maximumMessage).contains(length))
        unsafe start[count] = UInt8(truncatingIfNeeded: length >> 8)
        unsafe start[count + 1] = UInt8(truncatingIfNeeded: length)
        count += StreamFrames.prefix + length
        messages &+= 1
    }

    func removeAll() {
        count = 0
        messages = 0
    }
}
