internal import CSockets

/// The kernel's answers to the questions for links, addresses and routes, asked one after the other.
///
/// While something changes on any interface the answers may be disturbed: they may miss what is there.
/// Then all is asked once more, at once. Where it changes all the time those answers are disturbed as
/// well, and what either says holds: a network that has left is in neither, since both were asked for
/// after it left.
struct InterfaceDump {
    static let questions = [hs_get_link, hs_get_address, hs_get_route]

    /// What is to be done after a message.
    enum Step {
        case wait
        /// Ask the question that is next.
        case ask
        /// All is told. What is not exact should be asked for again after a while.
        case finish(InterfaceTable, isExact: Bool)
    }

    /// The index in `questions` of what is asked for.
    private(set) var question = 0
    private var table = InterfaceTable()
    private var isDisturbed = false
    /// What the first answers told when they were disturbed.
    private var earlier: InterfaceTable?

    mutating func take(_ message: InterfaceMessage) -> Step {
        switch message {
        case .link(let index, let name): table.addLink(index, name: name)
        case .networks(let index, let networks):
            for network in networks { table.add(network, on: index) }
        case .disturbed: isDisturbed = true
        case .end: return end()
        case .changed, .refused: break
        }
        return .wait
    }

    private mutating func end() -> Step {
        question += 1
        guard question == Self.questions.count else { return .ask }
        guard isDisturbed else { return .finish(table, isExact: true) }
        if let earlier {
            table.formUnion(earlier)
            return .finish(table, isExact: false)
        }
        let told = table
        self = InterfaceDump()
        earlier = told
        return .ask
    }
}
