/// What a forwarder wants to be done, in order. Its storage stays for the next commands.
final class CommandQueue {
    private var slots: [Forwarder.Command?] = []
    /// The first command that was not taken yet, and the end of them.
    private var first = 0
    private var end = 0

    func append(_ command: Forwarder.Command) {
        if end < slots.count { slots[end] = command } else { slots.append(command) }
        end &+= 1
    }

    /// Takes the next command; nil when there is none.
    func next() -> Forwarder.Command? {
        guard first < end else { return nil }
        let command = slots[first].take()
        first &+= 1
        if first == end { (first, end) = (0, 0) }
        return command
    }
}
