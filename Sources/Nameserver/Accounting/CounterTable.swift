/// A row of counters, all zero at first. Whoever made it counts in it, on one queue, and frees it.
///
/// Unsafe because the counters lie in memory that nobody keeps by having a reference to it: an array that a
/// class holds is checked for exclusive access and for other owners whenever something is counted, and a
/// table that is an object has its references counted, which is in every query's path. Sound because its
/// owner alone has it, frees it when it takes another or goes itself, and every index is checked.
@safe struct CounterTable {
    private let start: UnsafeMutablePointer<UInt64>
    let count: Int

    init(count: Int) {
        unsafe start = .allocate(capacity: count)
        unsafe start.initialize(repeating: 0, count: count)
        self.count = count
    }

    func free() { unsafe start.deallocate() }

    @inline(__always)
    subscript(index: Int) -> UInt64 {
        get {
            precondition(index >= 0 && index < count)
            return unsafe start[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count)
            unsafe start[index] = newValue
        }
    }

    /// A copy of some of them.
    func counters(_ range: Range<Int>) -> [UInt64] { range.map { self[$0] } }
}
