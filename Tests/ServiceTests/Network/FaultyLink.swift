import Foundation
import Glibc
import Synchronization

/// A wire between two networks that loses, holds, reorders and duplicates what passes, as a test says
/// and from a seed: what `tc netem` does where the kernel has it. It takes the right to make network
/// namespaces (`NetworkNamespace.isPermitted`), and passes some 20 000 frames a second.
///
/// ARP and neighbour discovery pass unharmed. `Scripts/faulty_link.py` says more.
final class FaultyLink: Sendable {
    /// What happens to frames on their way in one direction.
    struct Faults: Sendable {
        /// The parts of the frames, 0 to 1, that are lost, that are passed by those behind them (by
        /// 20 ms), and that arrive twice.
        var loss = 0.0
        var reordering = 0.0
        var duplication = 0.0
        /// How long a frame is held, more or less by up to `jitter`. Without `reordering` they stay in
        /// their order.
        var delay = Duration.zero
        var jitter = Duration.zero
        /// What the sender of each UDP datagram is told, falsely, to be the MTU of the path that it was
        /// too big for; 0 for no lies.
        var falseMTU = 0
    }

    /// An end, and the direction of what is sent there.
    enum Side: String, CaseIterable, Sendable { case left, right }

    /// What was done since the start with the frames that were sent at one side.
    struct Counts: Decodable, Equatable, Sendable {
        var received = 0
        var lost = 0
        var reordered = 0
        var duplicated = 0
        var delivered = 0
        /// Frames that the other side's interface did not take: it was down.
        var refused = 0
        /// Frames that came faster than the link could read them.
        var overrun = 0
        /// Senders that were told a false MTU.
        var lies = 0
        /// Frames with a part of an IP datagram.
        var fragments = 0
        /// The octets of the longest frame, its 14 of Ethernet's header too.
        var longest = 0
    }

    private let namespace: NetworkNamespace
    private let directory: TemporaryDirectory
    private let process: ChildProcess
    private let commands: FileHandle
    /// How many commands were sent: each has a line of output, behind that of the start.
    private let sent = Mutex(0)

    /// Makes interfaces with these names in two networks, both up and without addresses, and joins
    /// them. There are no faults yet.
    init(
        left: (network: NetworkNamespace, interface: String),
        right: (network: NetworkNamespace, interface: String), seed: UInt64 = 1
    ) throws {
        namespace = try NetworkNamespace()
        directory = try TemporaryDirectory()
        // The link's own ends are to say nothing by themselves.
        try namespace.set("net/ipv6/conf/default/disable_ipv6", to: "1")
        try namespace.ip(
            "link add name left0 type veth peer name left1", "link set left0 up",
            "link add name right0 type veth peer name right1", "link set right0 up")
        let input = directory.file("commands")
        guard unsafe mkfifo(input, 0o600) == 0 else { throw SocketError("mkfifo") }
        process = try ChildProcess(
            namespace.entrance + [
                "/usr/bin/python3", Self.script, String(seed), "left0", "right0", "left1", "right1",
            ], input: input, output: directory.file("output"))
        guard let commands = FileHandle(forWritingAtPath: input) else {
            throw SocketError("open \(input)")
        }
        self.commands = commands
        guard try line(0) == "ready" else { throw Failure("link: \(directory.read("output"))") }
        try namespace.move("left1", to: left.network, as: left.interface)
        try namespace.move("right1", to: right.network, as: right.interface)
    }

    private static let script = Server.repository + "/Tests/ServiceTests/Scripts/faulty_link.py"

    /// Has these faults from now on, in the direction of what is sent at `side`, or in both.
    func set(_ faults: Faults, from side: Side? = nil) throws {
        let values = [
            "loss=\(faults.loss)", "reorder=\(faults.reordering)",
            "duplicate=\(faults.duplication)", "delay=\(faults.delay / .seconds(1))",
            "jitter=\(faults.jitter / .seconds(1))", "lie=\(faults.falseMTU)",
        ]
        for side in side.map({ [$0] }) ?? Side.allCases {
            let command = "set \(side.rawValue) \(values.joined(separator: " "))"
            guard try send(command) == "ok" else { throw Failure("link: \(command)") }
        }
    }

    /// What was done with the frames that were sent at `side`.
    func counts(from side: Side) throws -> Counts {
        let counts = try JSONDecoder().decode(
            [String: Counts].self, from: Data(try send("count").utf8))
        guard let counts = counts[side.rawValue] else { throw Failure("link: no counts") }
        return counts
    }

    private func send(_ command: String) throws -> String {
        try sent.withLock { sent in
            try commands.write(contentsOf: Data((command + "\n").utf8))
            sent += 1
            return try line(sent)
        }
    }

    /// The line of output with this number, once it is whole.
    private func line(_ number: Int) throws -> String {
        var lines: [Substring] = []
        let isThere = eventually {
            lines = directory.read("output").split(
                separator: "\n", omittingEmptySubsequences: false)
            return lines.count > number + 1 || process.status != nil
        }
        guard isThere, lines.count > number + 1 else {
            throw Failure("the link does not answer: \(directory.read("output"))")
        }
        return String(lines[number])
    }
}
