import Synchronization

/// A row of numbers that all threads change without a lock, all zero at first.
///
/// Unsafe because the numbers lie in memory of their own: an array cannot hold atomics. Sound because the
/// memory is there for as long as this object is, every index is checked, and each access is atomic.
///
/// @unchecked Sendable: the pointer never changes, and what it points to is atomic.
@safe final class AtomicTable: @unchecked Sendable {
    private let start: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    /// So many octets the processor fetches at once: eight numbers that begin at a multiple of eight.
    private static let cacheLine = 64

    init(count: Int) {
        self.count = count
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Atomic<UInt64>>.stride, alignment: Self.cacheLine)
        unsafe start = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count { unsafe (start + index).initialize(to: Atomic(0)) }
    }

    deinit { unsafe UnsafeMutableRawPointer(start).deallocate() }

    @inline(__always)
    subscript(index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe start[index].load(ordering: .relaxed)
    }

    /// Puts `new` in the place of `old`; false when another number is there.
    func replace(_ old: UInt64, by new: UInt64, at index: Int) -> Bool {
        precondition(index >= 0 && index < count)
        return unsafe start[index].compareExchange(
            expected: old, desired: new, ordering: .relaxed
        ).exchanged
    }

    func increment(at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe start[index].add(1, ordering: .relaxed)
    }

    func decrement(at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe start[index].subtract(1, ordering: .relaxed)
    }
}
