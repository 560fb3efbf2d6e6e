/// What a forwarder wants to be done, in order. Mostly it is one thing at a time, which needs no array.
///
/// The array leaves its owner while it is changed: so no access to it has to be checked at run time.
final class CommandQueue {
    private var first: Forwarder.Command?
    /// Those behind the first one, the last one in front.
    private var others: [Forwarder.Command] = []
    /// Those that came since then, in order.
    private var added: [Forwarder.Command] = []

    func append(_ command: Forwarder.Command) {
        guard first != nil || !others.isEmpty || !added.isEmpty else { return first = command }
        var added: [Forwarder.Command] = []
        swap(&added, &self.added)
        added.append(command)
        self.added = added
    }

    /// Takes the next command; nil when there is none.
    func next() -> Forwarder.Command? {
        if let command = first {
            first = nil
            return command
        }
        guard !others.isEmpty || !added.isEmpty else { return nil }
        if others.isEmpty {
            others = added.reversed()
            added = []
        }
        var others: [Forwarder.Command] = []
        swap(&others, &self.others)
        defer { swap(&others, &self.others) }
        return others.popLast()
    }
}
