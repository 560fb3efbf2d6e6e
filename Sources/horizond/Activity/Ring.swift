/// The last of many values, at most `capacity`.
struct Ring<Element: Sendable>: Sendable {
    let capacity: Int
    private var slots: [Element] = []
    /// Where the oldest one is.
    private var start = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func append(_ element: Element) {
        guard slots.count == capacity else { return slots.append(element) }
        slots[start] = element
        start = (start + 1) % capacity
    }

    /// The oldest first.
    var elements: [Element] { Array(slots[start...] + slots[..<start]) }
}
