import Dispatch
import Foundation
import Synchronization

/// Work that a thread of its own does from now on, for tests that mostly wait.
final class Background<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () throws -> Value) {
        let thread = Thread { [self] in
            let outcome = Result { try body() }
            result.withLock { $0 = outcome }
            done.signal()
        }
        thread.start()
    }

    /// Waits for the end. May be called again and again.
    var value: Value {
        get throws {
            done.wait()
            done.signal()
            guard let result = result.withLock({ $0 }) else { throw Failure("no result") }
            return try result.get()
        }
    }
}

/// Runs `body` for all items at the same time, and gives the results in the items' order.
func sideBySide<Item: Sendable, Value: Sendable>(
    _ items: some Sequence<Item>, _ body: @escaping @Sendable (Item) throws -> Value
) throws -> [Value] {
    try items.map { item in Background { try body(item) } }.map { try $0.value }
}

/// An answer, when it came and how long that took.
struct Timed: Sendable {
    let response: Response
    let time: Duration

    init(_ body: () throws -> Response) rethrows { (response, time) = try elapsed(body) }
}
