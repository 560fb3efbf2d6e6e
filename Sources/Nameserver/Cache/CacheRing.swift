import Synchronization

/// Where entries of any length lie one behind the other, the oldest first: places to append at one end
/// and to free at the other. It never fragments, but for the rest of its end that the next entry
/// was too long for.
///
/// Each entry begins with its length in octets (32 bits, a multiple of 8, never 0).
///
/// Unsafe because lengths are read in place. Sound because `tail` only ever stands at an entry that
/// was appended here, at the mark of the end, or at `head`.
@safe struct CacheRing {
    /// The part of the shard's memory that is this ring's, in octets from its start.
    let bounds: Range<Int>
    private let memory: UnsafeMutableRawPointer
    // Entries lie from `tail` to `head`; when `isWrapped`, from `tail` to the end or a length of 0, and
    // from the start to `head`.
    private var head: Int
    private var tail: Int
    private var isWrapped = false
    /// How often `head` has begun at the start again, from a number on that no other ring comes to: a
    /// position in a ring of which this one has taken the place is none here.
    private var lap: UInt64

    private static let rings = Atomic<UInt64>(0)

    /// A place to go on from after other changes.
    struct Position {
        fileprivate var place: Int
        fileprivate var lap: UInt64
        /// So many octets are passed yet at most: who stores faster than another one looks must not keep
        /// that going.
        fileprivate var rest: Int
    }

    init(_ memory: UnsafeMutableRawPointer, bounds: Range<Int>) {
        unsafe self.memory = unsafe memory
        self.bounds = bounds
        head = bounds.lowerBound
        tail = bounds.lowerBound
        lap = Self.rings.add(1, ordering: .relaxed).newValue << 32
    }

    /// Appends a place of `length` octets, which the caller fills; nil when so many are not free.
    mutating func append(_ length: Int) -> Int? {
        if isWrapped {
            guard length <= tail &- head else { return nil }
        } else if length > bounds.upperBound &- head {
            guard length <= tail &- bounds.lowerBound else { return nil }
            if head < bounds.upperBound {
                unsafe memory.storeBytes(of: 0, toByteOffset: head, as: UInt32.self)
            }
            head = bounds.lowerBound
            isWrapped = true
            lap &+= 1
        }
        head &+= length
        return head &- length
    }

    /// Frees the oldest entry's place and returns it; nil when there is none. What is in it stays
    /// until the next `append`, which is sure to find room for it.
    mutating func takeOldest() -> Int? {
        if isWrapped, tail == bounds.upperBound || length(at: tail) == 0 {
            tail = bounds.lowerBound
            isWrapped = false
        }
        guard isWrapped || tail < head else {
            removeAll()
            return nil
        }
        let place = tail
        tail &+= length(at: place)
        return place
    }

    /// Frees all places.
    mutating func removeAll() {
        head = bounds.lowerBound
        tail = bounds.lowerBound
        isWrapped = false
        lap &+= 1
    }

    /// Calls `body` with the places of entries, the oldest first, from `position` on, or from the oldest
    /// when that is there no more, until so many octets were passed; moves the position on, to nil at
    /// the end. nil is the oldest.
    func forEach(from position: inout Position?, octets: Int, _ body: (Int) -> Void) {
        var ring = self
        var rest = bounds.count
        if let position {
            rest = position.rest
            if isHeld(position) {
                ring.tail = position.place
                ring.isWrapped = position.lap != lap
            }
        }
        let end = rest - octets
        position = nil
        while rest > 0, let place = ring.takeOldest() {
            rest -= length(at: place)
            body(place)
            guard rest > end else {
                position = Position(
                    place: ring.tail, lap: ring.isWrapped ? lap &- 1 : lap, rest: rest)
                return
            }
        }
    }

    /// Whether an entry begins at the position, or the next one will: places up to `head` stay as
    /// they are until `tail` has passed them.
    private func isHeld(_ position: Position) -> Bool {
        if position.lap == lap {
            return position.place <= head && (isWrapped || position.place >= tail)
        }
        return isWrapped && position.lap &+ 1 == lap && position.place >= tail
    }

    private func length(at place: Int) -> Int {
        unsafe Int(memory.load(fromByteOffset: place, as: UInt32.self))
    }
}
