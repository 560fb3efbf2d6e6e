import DNS
import Glibc
import Testing

/// What happens to two nodes, event by event, while a client asks their address.
final class Failover {
    /// Queries a second of the client that asks once.
    static let rate = 500

    private let nodes: TwoNodes
    private var servers: [String: ChildProcess] = [:]
    private var keepalived: [String: ChildProcess] = [:]
    private let once: SteadyClient
    private let again: SteadyClient
    private var events: [Event] = []

    private struct Event {
        let name: String
        let limit: Double
        let began = ContinuousClock.now
    }

    /// What runs on a node.
    enum Part {
        case server, keepalived
    }

    init() throws {
        nodes = try TwoNodes()
        for node in nodes.nodes {
            servers[node.name] = try node.startServer()
            keepalived[node.name] = try node.startKeepalived()
        }
        let nodes = nodes
        #expect(try eventually { try nodes.answering() != nil })
        let shared = Endpoint(try #require(IPAddress(TwoNodes.sharedAddress)), 53)
        (once, again) = try nodes.client.inside {
            (
                try SteadyClient(asking: shared, rate: Self.rate, attempts: 1),
                try SteadyClient(asking: shared, rate: 50, attempts: 5)
            )
        }
    }

    func signal(_ number: Int32, to part: Part, of node: Node) {
        switch part {
        case .server: servers[node.name]?.signal(number)
        case .keepalived: keepalived[node.name]?.signal(number)
        }
    }

    func start(_ part: Part, of node: Node) throws {
        switch part {
        case .server: servers[node.name] = try node.startServer()
        case .keepalived: keepalived[node.name] = try node.startKeepalived()
        }
    }

    /// Has `end` happen to the node that answers, waits until the other one does, and has `begin` happen to
    /// the first, which then stands by.
    func move(
        _ event: String, within limit: Double, _ end: (Node) throws -> Void,
        andBack begin: (Node) throws -> Void
    ) throws {
        let first = try #require(try nodes.answering() as Node?)
        events.append(Event(name: event, limit: limit))
        try end(first)
        let isMoved = try eventually {
            guard let now = try nodes.answering() else { return false }
            return now !== first
        }
        #expect(isMoved, "nobody answers: \(event)")
        // Whatever is lost behind it is counted, too.
        pause(.milliseconds(300))
        let second = try nodes.answering()
        events.append(Event(name: "and back", limit: 0))
        let before = first.timesInState
        try begin(first)
        #expect(eventually(within: .seconds(6)) { first.timesInState > before }, "\(event)")
        pause(.milliseconds(300))
        #expect(try nodes.answering() === second, "the address stays where it is: \(event)")
    }

    /// Ends the client: what it saw of each event, and its lookups that were tried again.
    func stop() throws -> (outages: [Outage], again: [SteadyClient.Lookup]) {
        let (once, again) = (try once.stop(), try again.stop())
        #expect(once.fromElsewhere == 0 && again.fromElsewhere == 0)
        let ends = events.dropFirst().map(\.began) + [.now]
        let outages = zip(events, ends).map { event, end in
            Outage(event.name, limit: event.limit, once.lookups, from: event.began, to: end)
        }
        return (outages, again.lookups)
    }
}
