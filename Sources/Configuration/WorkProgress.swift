import Synchronization

/// How far a long piece of work has come. Who works stores plain numbers, which costs next to nothing
/// for each of a million records; who wants to know looks from another thread. One at a time works.
package final class WorkProgress: Sendable {
    /// What is being done now.
    package struct Stage: Equatable, Sendable {
        /// Such as the path of the file that is read.
        package var title: String
        /// What is counted, in the plural; nil where nothing is.
        package var unit: String?
    }

    /// How it stands at a moment.
    package struct State: Equatable, Sendable {
        package let stage: Stage
        package let count: Int
        /// How much of the whole is done, from 0 to 1; nil where that is not known.
        package let share: Double?
    }

    private let stage: Mutex<Stage>
    private let counted = Atomic(0)
    private let done = Atomic(0)
    private let whole = Atomic(0)

    package init(_ title: String) { stage = Mutex(Stage(title: title, unit: nil)) }

    /// Begins another part of the work, with its own count. The size of the whole is in any unit, and 0
    /// where it is not known yet.
    package func begin(_ title: String, counting unit: String? = nil, whole size: Int = 0) {
        stage.withLock { $0 = Stage(title: title, unit: unit) }
        counted.store(0, ordering: .relaxed)
        done.store(0, ordering: .relaxed)
        whole.store(size, ordering: .relaxed)
    }

    /// Goes on with another file, say, of the same part.
    package func goOn(with title: String) { stage.withLock { $0.title = title } }

    /// There is so much more to do than was known.
    package func expect(_ size: Int) {
        whole.store(whole.load(ordering: .relaxed) + size, ordering: .relaxed)
    }

    package func count(_ number: Int) {
        counted.store(counted.load(ordering: .relaxed) + number, ordering: .relaxed)
    }

    /// How much of the whole is done.
    package var amountDone: Int {
        get { done.load(ordering: .relaxed) }
        set { done.store(newValue, ordering: .relaxed) }
    }

    package var state: State {
        let size = whole.load(ordering: .relaxed)
        return State(
            stage: stage.withLock { $0 }, count: counted.load(ordering: .relaxed),
            share: size > 0 ? min(1, Double(amountDone) / Double(size)) : nil)
    }
}
