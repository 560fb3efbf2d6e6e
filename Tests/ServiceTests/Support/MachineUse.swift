import Testing

/// How tests share the machine. Most of their time is spent in waiting, so two suites run at the same time;
/// those that measure what any other work would change have it to themselves.
struct MachineUse: SuiteTrait, TestTrait, TestScoping {
    fileprivate enum Kind { case shared, alone }
    fileprivate let kind: Kind

    /// Each test shares the machine; a suite that is alone has it for all of its tests.
    var isRecursive: Bool { kind == .shared }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Machine.only.take(kind)
        do {
            try await function()
        } catch {
            await Machine.only.leave(kind)
            throw error
        }
        await Machine.only.leave(kind)
    }
}

extension Trait where Self == MachineUse {
    /// The tests run while no suite is alone on the machine.
    static var sharesMachine: Self { MachineUse(kind: .shared) }
    /// The suite waits until no test that shares the machine runs, and holds up further ones.
    static var aloneOnMachine: Self { MachineUse(kind: .alone) }
}

/// Who uses the machine, and who waits for it. Whoever wants to be alone comes first.
private actor Machine {
    static let only = Machine()

    private var sharing = 0
    private var isTaken = false
    private var waitingAlone: [CheckedContinuation<Void, Never>] = []
    private var waitingToShare: [CheckedContinuation<Void, Never>] = []

    func take(_ kind: MachineUse.Kind) async {
        switch kind {
        case .shared:
            guard isTaken || !waitingAlone.isEmpty else { return sharing += 1 }
            await withCheckedContinuation { waitingToShare.append($0) }
        case .alone:
            guard isTaken || sharing > 0 else { return isTaken = true }
            await withCheckedContinuation { waitingAlone.append($0) }
        }
    }

    func leave(_ kind: MachineUse.Kind) {
        switch kind {
        case .shared: sharing -= 1
        case .alone: isTaken = false
        }
        guard !isTaken, sharing == 0 || waitingAlone.isEmpty else { return }
        if !waitingAlone.isEmpty {
            isTaken = true
            return waitingAlone.removeFirst().resume()
        }
        sharing += waitingToShare.count
        for waiting in waitingToShare { waiting.resume() }
        waitingToShare = []
    }
}
