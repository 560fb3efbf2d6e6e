/// Octets in one place of a fixed size, which a connection's reading or answering borrows. Owns its
/// memory. Confined to the worker's queue.
///
/// The `unsafe` expressions are sound because the memory is allocated and filled here for `capacity`
/// octets, lives as long as the object, and ranges are checked against it. Nobody writes to octets
/// while he, or whom he calls, reads them: the server reads into one buffer and answers into another.
@safe final class StreamBuffer {
    let capacity: Int
    private let start: UnsafeMutablePointer<UInt8>

    init(capacity: Int) {
        self.capacity = capacity
        unsafe start = .allocate(capacity: capacity)
        unsafe start.initialize(repeating: 0, count: capacity)
    }

    deinit { unsafe start.deallocate() }

    /// Octets to be read.
    @inline(__always)
    @_lifetime(borrow self)
    func octets(_ range: Range<Int>) -> Span<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        let span = unsafe Span(_unsafeStart: start + range.lowerBound, count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Octets to be written.
    @inline(__always)
    @_lifetime(borrow self)
    func mutableOctets(_ range: Range<Int>) -> MutableSpan<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        let span = unsafe MutableSpan(_unsafeStart: start + range.lowerBound, count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}
