import DNS

/// The setting `tcp`: the limits of clients' TCP connections (RFC 7766 §6.2), for all workers
/// together. The program makes the transport's limits of it.
///
/// What they mean in memory: an open connection without work takes some 300 octets here and about
/// 4 KiB in the kernel (measured with 4000), so a full table of the default size 1 MiB and 16 MiB.
/// At worst a connection holds a whole message and a chunk of input, 80 KiB, and `queuedOctets` and
/// an answer of output, 192 KiB: 17 MiB for one client with all its connections; four times as much
/// when long answers that it waited for come all at once. None of it for longer than the timeouts,
/// and all connections of a worker together hold no more than 32 MiB, or 16 times `queuedOctets`.
package struct TCPSettings: Equatable, Sendable {
    /// Open connections in all.
    package var connections = 4096
    /// Open connections of one client: an IPv4 address, an IPv6 /56. RFC 7766 §6.2.2 has a client
    /// use one; behind one address there may be a household, or another resolver with its clients.
    package var connectionsPerClient = 64
    /// Unanswered queries of a connection; at this number reading pauses.
    package var queriesInFlight = 64
    /// Without a query. RFC 7766 §6.2.3 asks for some seconds: enough for the queries of one page.
    package var idleTimeoutSeconds = 10
    /// From the connection to its first whole query. Who connects has a query to send.
    package var firstQueryTimeoutSeconds = 5
    /// How long a client may leave its answers unread.
    package var writeTimeoutSeconds = 10
    /// A connection this old closes when it owes nothing, so that clients come to be spread over
    /// the workers again, and that one which is always in use ends, too.
    package var lifetimeSeconds = 3600
    /// Octets of answers that wait for a connection's client; at this number reading pauses. Two of
    /// the longest: one on its way and one behind it.
    package var queuedOctets = 128 << 10

    package init() {}
}

/// What each limit may be.
extension TCPSettings {
    /// A connection takes a descriptor, and the systemd unit allows 65536.
    static let connectionCounts = 1...65_536
    /// Each waits with its message, some 300 octets, in a worker's table of 50,000.
    static let queryCounts = 1...4096
    /// The idle timeout is told to clients in tenths of a second, in 16 bits (RFC 7828 §3.1), which
    /// end at 6553 s.
    static let idleTimeouts = 1...3600
    /// Connections in these states do no work, only take memory.
    static let timeouts = 1...300
    /// A second to thirty days.
    static let lifetimes = 1...(30 * 86_400)
    /// One answer is always let through, however long. At the upper end one client's 64 connections
    /// may hold a gibibyte.
    static let queueSizes = (4 << 10)...(16 << 20)
}

extension ConfigurationFile {
    static let tcpKeys = [
        "connections", "connections-per-client", "queries-in-flight", "idle-timeout",
        "first-query-timeout", "write-timeout", "lifetime", "queued",
    ]

    /// The setting `tcp`: a mapping of limits; those that it leaves out are the default.
    func tcpSettings(_ node: YAMLNode) -> TCPSettings? {
        let expected = "a mapping of limits such as {connections: 4096}"
        guard let keyed = KeyedNode(node, keys: Self.tcpKeys, expected: expected, in: self) else {
            return nil
        }
        func count(_ key: String, _ range: ClosedRange<Int>, _ standard: Int) -> Int {
            keyed[key].flatMap { integer($0, in: range) } ?? standard
        }
        func seconds(_ key: String, _ range: ClosedRange<Int>, _ standard: Int) -> Int {
            keyed[key].flatMap { duration($0, in: range) } ?? standard
        }
        typealias Limits = TCPSettings
        var tcp = TCPSettings()
        tcp.connections = count("connections", Limits.connectionCounts, tcp.connections)
        tcp.connectionsPerClient = count(
            "connections-per-client", Limits.connectionCounts, tcp.connectionsPerClient)
        tcp.queriesInFlight = count("queries-in-flight", Limits.queryCounts, tcp.queriesInFlight)
        tcp.idleTimeoutSeconds = seconds(
            "idle-timeout", Limits.idleTimeouts, tcp.idleTimeoutSeconds)
        tcp.firstQueryTimeoutSeconds = seconds(
            "first-query-timeout", Limits.timeouts, tcp.firstQueryTimeoutSeconds)
        tcp.writeTimeoutSeconds = seconds(
            "write-timeout", Limits.timeouts, tcp.writeTimeoutSeconds)
        tcp.lifetimeSeconds = seconds("lifetime", Limits.lifetimes, tcp.lifetimeSeconds)
        tcp.queuedOctets =
            keyed["queued"].flatMap { size($0, in: Limits.queueSizes) } ?? tcp.queuedOctets
        return tcp
    }

    /// A duration in seconds that lies in a range.
    func duration(_ node: YAMLNode, in range: ClosedRange<Int>) -> Int? {
        guard let seconds = duration(node).map(Int.init) else { return nil }
        guard range.contains(seconds) else {
            error(
                node.mark, "\((node.scalar?.text ?? "").quoted) is out of range",
                expected: "\(Self.duration(ofSeconds: range.lowerBound)) to "
                    + Self.duration(ofSeconds: range.upperBound))
            return nil
        }
        return seconds
    }
}
