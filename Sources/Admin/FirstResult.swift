import Synchronization

/// What `body` comes to, or nil when that takes longer than `limit`. It goes on then, without a reader: who
/// waits for an answer from elsewhere cannot be made to stop.
package func result<Value: Sendable>(
    within limit: Duration, of body: @escaping @Sendable () async -> Value
) async -> Value? {
    await withCheckedContinuation { continuation in
        let first = FirstResult(continuation)
        let clock = Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            first.resume(nil)
        }
        Task {
            first.resume(await body())
            clock.cancel()
        }
    }
}

/// Resumes with what comes first.
private final class FirstResult<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value?, Never>?>

    init(_ continuation: CheckedContinuation<Value?, Never>) {
        self.continuation = Mutex(continuation)
    }

    func resume(_ value: Value?) {
        continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }?.resume(returning: value)
    }
}
