internal import Glibc

/// Datagrams that the kernel had no room for just then, on their way a little later: a full socket
/// buffer or device queue empties within milliseconds. There is room for some hundreds; more would only
/// make all of them late. Confined to the worker's queue.
final class HeldDatagrams {
    /// What became of some datagrams.
    struct Outcome: Equatable {
        var sent = 0
        var lost = 0
    }

    private struct Batch {
        /// Of the socket that they leave from.
        let key: SlotKey
        let datagrams: SendBatch
        let since: Int64
        /// The first that is still here.
        var next = 0
    }

    /// 512 datagrams.
    static let maximumBatches = 16
    /// Whoever asked has asked again by then, in nanoseconds.
    static let patience = MonotonicClock.nanosecondsPerSecond
    /// From one attempt to the next, in nanoseconds, however many rounds there are.
    static let pause = MonotonicClock.nanosecondsPerMillisecond

    private var batches: [Batch] = []
    private var nextAttempt: Int64 = 0

    var isEmpty: Bool { batches.isEmpty }

    /// Whether the kernel refused a datagram for a reason that passes, and that holds for others of the
    /// socket, too.
    static func isPassing(_ errno: Int32) -> Bool {
        errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == EINTR
    }

    /// Takes the datagrams of a batch from `first` on as far as there is room; returns the first that
    /// it did not take.
    func hold(_ batch: SendBatch, from first: Int, of key: SlotKey, now: Int64) -> Int {
        if isEmpty { nextAttempt = now + Self.pause }
        for index in first..<batch.count {
            if batches.last?.key != key || batches.last?.datagrams.isFull != false {
                guard batches.count < Self.maximumBatches else { return index }
                batches.append(Batch(key: key, datagrams: SendBatch(), since: now))
            }
            batches[batches.count - 1].datagrams.append(index, of: batch)
        }
        return batch.count
    }

    /// Sends what can be sent, unless that was tried just now. What has waited too long, whose socket
    /// is gone, or what cannot be sent for a reason of its own, is lost.
    func send(now: Int64, descriptor: (SlotKey) -> Int32?) -> Outcome {
        guard now >= nextAttempt else { return Outcome() }
        nextAttempt = now + Self.pause
        var outcome = Outcome()
        for index in batches.indices {
            let descriptor = descriptor(batches[index].key)
            Self.send(&batches[index], from: descriptor, &outcome)
            if now - batches[index].since >= Self.patience {
                outcome.lost += batches[index].datagrams.count - batches[index].next
                batches[index].next = batches[index].datagrams.count
            }
        }
        batches.removeAll { $0.next == $0.datagrams.count }
        return outcome
    }

    private static func send(
        _ batch: inout Batch, from descriptor: Int32?, _ outcome: inout Outcome
    ) {
        while batch.next < batch.datagrams.count {
            let sent = descriptor.map { batch.datagrams.send(from: batch.next, to: $0) }
            if let sent, sent > 0 {
                outcome.sent += sent
                batch.next += sent
            } else if let sent, isPassing(Int32(truncatingIfNeeded: -sent)) {
                return
            } else {
                outcome.lost += 1
                batch.next += 1
            }
        }
    }
}
