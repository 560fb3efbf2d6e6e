import DNS
import Foundation
import Glibc

/// Two nodes and a client at one switch, as the README's "Two nodes" has it: `config/two-nodes.yaml` and
/// `config/keepalived/keepalived.conf` as they are, with the addresses that stand in them, in networks of
/// their own.
final class TwoNodes: Sendable {
    static let sharedAddress = "192.168.10.53"
    static let keepalived = "/usr/sbin/keepalived"

    let nodes: [Node]
    let client: NetworkNamespace
    private let network: NetworkNamespace

    init() throws {
        let network = try NetworkNamespace()
        self.network = network
        try network.ip("link add name lan0 type bridge", "link set lan0 up")
        let secrets = ["cookies": Self.hexadecimal(32), "admin-token": Self.hexadecimal(64)]
        nodes = try [("node-a", "192.168.10.2"), ("node-b", "192.168.10.3")].map {
            try Node(name: $0, address: $1, at: network, secrets: secrets)
        }
        client = try NetworkNamespace()
        try network.plug("client", into: client, address: "192.168.10.20")
    }

    /// What `dig` says, asked by the client.
    func dig(_ arguments: String...) throws -> String {
        try run(client.entrance + ["/usr/bin/dig", "+time=1", "+tries=1"] + arguments).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The node that answers at the shared address; nil when none does.
    func answering() throws -> Node? {
        let id = try dig("+short", "@\(Self.sharedAddress)", "CH", "TXT", "id.server")
        return nodes.first { "\"\($0.name)\"" == id }
    }

    private static func hexadecimal(_ digits: Int) -> String {
        String((0..<digits).map { _ in "0123456789abcdef".randomElement() ?? "0" })
    }
}

/// One of them: a host with an interface `eth0`, the server and keepalived.
final class Node: Sendable {
    let name: String
    let address: String
    let network: NetworkNamespace
    private let lan: NetworkNamespace
    private let directory: TemporaryDirectory

    init(
        name: String, address: String, at lan: NetworkNamespace, secrets: [String: String]
    ) throws {
        self.name = name
        self.address = address
        self.lan = lan
        network = try NetworkNamespace()
        try lan.plug(name, into: network, address: address)
        directory = try TemporaryDirectory()
        let configuration = Server.repository + "/config"
        for (file, source) in [
            ("horizond.yaml", "two-nodes.yaml"),
            ("zones/vanillax.me.yaml", "zones/vanillax.me.yaml"),
        ] {
            let text = try String(contentsOfFile: "\(configuration)/\(source)", encoding: .utf8)
            try directory.write(text, to: file)
        }
        for (file, secret) in secrets { try directory.write(secret + "\n", to: "secrets/\(file)") }
    }

    /// Starts the server on a host of this name, and waits until it answers.
    func startServer() throws -> ChildProcess {
        let start = "hostname \(name) && exec \"$0\" \"$@\""
        let process = try ChildProcess(
            network.entrance + [
                "/usr/bin/unshare", "--uts", "/bin/sh", "-c", start,
                try Server.binary, "serve", "--config", directory.file("horizond.yaml"),
            ], output: directory.file("log"))
        let question = ["/usr/bin/dig", "+time=1", "+tries=1", "@127.0.0.1", "localhost"]
        let answers = try eventually(within: .seconds(10)) {
            try run(network.entrance + question).status == .exited(0)
        }
        guard answers else { throw Failure("\(name) does not answer: \(directory.read("log"))") }
        return process
    }

    /// Starts keepalived, and waits until it stands by or has taken the address.
    func startKeepalived() throws -> ChildProcess {
        let states = timesInState
        let process = try ChildProcess(
            network.entrance + [
                TwoNodes.keepalived, "--vrrp", "--dont-fork", "--log-console",
                "--use-file", Server.repository + "/config/keepalived/keepalived.conf",
                "--pid", directory.file("pid"), "--vrrp_pid", directory.file("vrrp-pid"),
                "--checkers_pid", directory.file("checkers-pid"),
            ], output: directory.file("keepalived"))
        guard eventually(within: .seconds(6), { timesInState > states }) else {
            throw Failure("keepalived: \(directory.read("keepalived"))")
        }
        return process
    }

    /// How often keepalived found this node well and stood by.
    var timesInState: Int {
        directory.read("keepalived").components(separatedBy: "Entering BACKUP STATE").count
    }

    /// Runs a command of the program on this node's configuration, and gives what it says of it.
    func horizond(_ command: String) throws -> String {
        let path = directory.file("horizond.yaml")
        let (output, status) = try run([try Server.binary, command, "--config", path])
        guard status == .exited(0) else { throw Failure(output) }
        return output.replacing(path, with: "horizond.yaml")
    }

    func unplug() throws { try lan.ip("link set \(name) down") }
    func plugIn() throws { try lan.ip("link set \(name) up") }

    func write(_ text: String, to file: String) throws { try directory.write(text, to: file) }
    func read(_ file: String) -> String { directory.read(file) }
}

extension NetworkNamespace {
    /// Gives `host` an interface `eth0` with this address, at the bridge `lan0` of this network.
    fileprivate func plug(_ port: String, into host: NetworkNamespace, address: String) throws {
        try join(port, with: host, as: "eth0")
        try ip("link set \(port) master lan0")
        try host.ip("addr add \(address)/24 dev eth0")
    }
}
