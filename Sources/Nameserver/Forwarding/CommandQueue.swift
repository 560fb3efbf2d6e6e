/// What a forwarder wants to be done, in order. Mostly it is one thing at a time, which needs no array.
final class CommandQueue {
    private var first: Forwarder.Command?
    /// Those behind the first one; nil where one has been taken.
    private var others: [Forwarder.Command?] = []
    /// The next of `others`.
    private var position = 0

    func append(_ command: Forwarder.Command) {
        if first == nil, others.isEmpty { first = command } else { others.append(command) }
    }

    /// Takes the next command; nil when there is none.
    func next() -> Forwarder.Command? {
        if let command = first.take() { return command }
        guard position < others.count else { return nil }
        let command = others[position].take()
        position &+= 1
        if position == others.count {
            others.removeAll(keepingCapacity: true)
            position = 0
        }
        return command
    }
}
