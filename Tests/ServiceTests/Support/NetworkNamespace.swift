import DNS
import Foundation
import Glibc
import Synchronization
import Testing

/// A network of its own inside this machine, with nothing in it but what the test makes. It lives as
/// long as a sleeping process in it, and so ends with the test run whatever happens.
final class NetworkNamespace: Sendable {
    private let process: ChildProcess
    private var path: String { "/proc/\(process.pid)/ns/net" }

    /// Whether this user and kernel can make such networks, and the pairs of interfaces in them.
    static let isPermitted: Bool = {
        let probe = "ip link add name lan0 type veth peer name peer0"
        let result = try? run(
            ["/usr/bin/unshare", "--net"] + probe.split(separator: " ").map(String.init))
        return result?.status == .exited(0)
    }()

    /// Why a test is skipped where they are not permitted.
    static let need: Comment = "needs the right to make network namespaces, and ip"

    /// What runs a program in it.
    var entrance: [String] { ["/usr/bin/nsenter", "--net=\(path)"] }

    init() throws {
        let directory = try TemporaryDirectory()
        process = try ChildProcess(
            ["/usr/bin/unshare", "--net", "/bin/sleep", "infinity"],
            output: directory.file("output"))
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        let isThere = eventually {
            let other = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            return other != nil && other != own
        }
        guard isThere else { throw Failure("no namespace: \(directory.read("output"))") }
        try ip("link set lo up")
    }

    /// Runs `ip`, a line for each command.
    func ip(_ commands: String...) throws {
        let directory = try TemporaryDirectory()
        try directory.write(commands.joined(separator: "\n") + "\n", to: "commands")
        let (output, status) = try run(entrance + ["ip", "-batch", directory.file("commands")])
        guard status == .exited(0) else { throw Failure("ip: \(output)") }
    }

    /// Joins an interface of this network with a new one of another by a wire, both up.
    func join(_ interface: String, with other: NetworkNamespace, as peer: String) throws {
        try ip(
            "link add name \(interface) type veth peer name \(peer) netns \(other.process.pid)",
            "link set \(interface) up")
        try other.ip("link set \(peer) up")
    }

    /// Moves an interface to another network, where it has a new name and is up.
    func move(_ interface: String, to other: NetworkNamespace, as name: String) throws {
        try ip("link set \(interface) netns \(other.process.pid) name \(name)")
        try other.ip("link set \(name) up")
    }

    /// Sets a number of the kernel for this network, such as `net/ipv6/conf/all/disable_ipv6`.
    func set(_ setting: String, to value: String) throws {
        try inside {
            try Data(value.utf8).write(to: URL(fileURLWithPath: "/proc/sys/" + setting))
        }
    }

    /// Runs `body` on a thread in this network: sockets that it makes stay in it.
    func inside<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) throws -> Result
    {
        let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let path = path
        let thread = Thread {
            let result = Swift.Result {
                try Self.enter(path)
                return try body()
            }
            outcome.withLock { $0 = result }
            done.signal()
        }
        thread.start()
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { throw Failure("no result") }
        return try result.get()
    }

    /// Puts the calling thread into a network namespace.
    private static func enter(_ path: String) throws {
        // Glibc's header declares it for _GNU_SOURCE alone, which Swift does not define; it takes two
        // numbers, the second of which may be 0.
        typealias SetNamespace = @convention(c) (Int32, Int32) -> Int32
        guard let symbol = unsafe dlsym(nil, "setns") else { throw SocketError("setns") }
        let setNamespace = unsafe unsafeBitCast(symbol, to: SetNamespace.self)
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard setNamespace(descriptor, 0) == 0 else { throw SocketError("setns \(path)") }
    }
}
