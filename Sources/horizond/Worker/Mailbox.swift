import Nameserver
import Synchronization
import Transport

/// What other queues tell a worker.
enum WorkerMessage: Sendable {
    /// The upstream's answer to a question that these clients of the worker wait for.
    case answer(tickets: [UInt64], FreshAnswer)
    /// Serve these sockets too.
    case listen([ListeningSocketPair])
    /// Answer what has come in at these addresses, then close them.
    case close([SocketAddress])
    /// These limits of clients' connections hold from now on.
    case limits(TransportLimits)
    /// Answer a question of the program's own.
    case ask(Inquiry)
    /// Find out whether these upstreams answer.
    case probe([Upstream])
    /// Say that the worker's loop runs.
    case report(@Sendable () -> Void)
    /// Say what has been counted so far.
    case statistics(@Sendable (WorkerStatistics) -> Void)
    /// Answer what is in flight until the monotonic time `deadline`, close everything, and say so.
    case stop(deadline: Int64, @Sendable () -> Void)
}

/// Messages to one worker, in order; posting wakes its loop.
final class Mailbox: Sendable {
    private let messages = Mutex<[WorkerMessage]>([])
    private let wakeUp: WakeUp

    init(_ wakeUp: WakeUp) { self.wakeUp = wakeUp }

    func post(_ message: WorkerMessage) {
        messages.withLock { $0.append(message) }
        wakeUp.wake()
    }

    func takeAll() -> [WorkerMessage] {
        messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
