import DNS
import Dispatch
import Nameserver
import Synchronization

/// Asks a worker what a client would get, and waits for it. Not to be used on a worker's queue.
struct Inquirer: Sendable {
    /// A query ends after four seconds, and each of a chain of aliases may wait for another upstream.
    private static let maximumSeconds = 20

    let mailbox: Mailbox

    /// What `client` gets; nil when the worker does not answer.
    func ask(
        _ name: DomainName, _ type: RRType, from client: IPAddress, on snapshot: Snapshot
    ) -> Inquiry.Result? {
        let reply = Reply()
        mailbox.post(
            .ask(Inquiry(Self.query(name, type), from: client, on: snapshot, tell: reply.come)))
        return reply.wait(seconds: Self.maximumSeconds)
    }

    /// What comes from the worker's queue to the one that waits.
    private final class Reply: Sendable {
        private let hasCome = DispatchSemaphore(value: 0)
        private let result = Mutex<Inquiry.Result?>(nil)

        @Sendable func come(_ result: Inquiry.Result) {
            self.result.withLock { $0 = result }
            hasCome.signal()
        }

        func wait(seconds: Int) -> Inquiry.Result? {
            _ = hasCome.wait(timeout: .now() + .seconds(seconds))
            return result.withLock { $0 }
        }
    }

    /// A query as a stub resolver sends it, with EDNS, so that reasons are told.
    private static func query(_ name: DomainName, _ type: RRType) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: EDNS.maximumUDPSize)
        var header = Header(id: 0, flags: Header.Flag.recursionDesired)
        header.questionCount = 1
        header.additionalCount = 1
        var writer = MessageWriter(octets.mutableSpan, limit: EDNS.maximumUDPSize)
        writer.write(header)
        writer.write(Question(name: name, type: type))
        writer.writeOPT(dnssecOK: false, optionsLength: 0)
        let length = writer.count
        return Array(octets[..<length])
    }
}
