import DNS
import Nameserver

/// The `nameserver` lines of a file in the form of resolv.conf (resolv.conf(5)). As OpenBSD's it may
/// say `[ADDRESS]:PORT`.
struct ResolvConf {
    /// No real one is longer; a longer file is surely not meant.
    private static let maximumSize = 64 << 10

    /// Why a file stands for no server.
    enum Failure: Error, Equatable {
        /// It cannot be read, for the reason given.
        case unreadable(String)
        /// It is not there, as one that a network manager writes when it has a network.
        case absent
        /// It has no line that names a server.
        case withoutServers
        /// All servers that it names are ourselves.
        case withoutOthers
    }

    /// The servers in the order of the file, each once.
    private(set) var nameservers: [UpstreamAddress] = []
    /// Lines whose address is none or that of no server, such as one with a zone index
    /// (`fe80::1%eth0`).
    private(set) var unusable: [(line: Int, text: String)] = []

    init(path: String) throws(Failure) {
        do {
            let octets = try RegularFile.contents(path, maximumSize: Self.maximumSize)
            self.init(text: String(decoding: octets, as: UTF8.self))
        } catch {
            throw RegularFile.isAbsent(path) ? .absent : .unreadable(error.problem)
        }
    }

    /// The servers but for those that are ourselves, who listen on `listen`; at least one.
    func servers(besides listen: [ListenAddress]) throws(Failure) -> [UpstreamAddress] {
        let others = nameservers.filter { server in !listen.contains { $0.receives(server) } }
        guard !others.isEmpty else {
            throw nameservers.isEmpty ? .withoutServers : .withoutOthers
        }
        return others
    }

    init(text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.first == "nameserver", words.count > 1 else { continue }
            guard let server = Self.usableServer(words[1]) else {
                unusable.append((index + 1, String(words[1])))
                continue
            }
            if !nameservers.contains(server) { nameservers.append(server) }
        }
    }

    /// What belongs in the place of an unusable address, and what was probably meant by it.
    static func advice(on text: String) -> (expected: String, suggestion: String?) {
        guard !text.contains("%") else { return ("an address without a zone index", nil) }
        if let address = IPAddress(text), address.isLinkLocal {
            return (IPAddress.expectedForLinkLocal, nil)
        }
        let expected = "the address of a server, with a port as [ADDRESS]:PORT"
        guard case (let host?, let port?) = ConfigurationFile.hostAndPort(text[...]) else {
            return (expected, nil)
        }
        let bracketed = "[\(host)]:\(port)"
        return (expected, usableServer(bracketed[...]) == nil ? nil : bracketed)
    }

    /// nil also for what is the address of no server.
    private static func usableServer(_ text: Substring) -> UpstreamAddress? {
        server(text).flatMap { $0.address.reasonAgainstServer == nil ? $0 : nil }
    }

    private static func server(_ text: Substring) -> UpstreamAddress? {
        guard text.hasPrefix("[") else { return IPAddress(text).map { UpstreamAddress($0) } }
        let parts = text.dropFirst().split(separator: "]:", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]),
            let port = UInt16(decimal: parts[1]), port > 0
        else { return nil }
        return UpstreamAddress(address, port: port)
    }
}

extension ResolvConf.Failure: CustomStringConvertible {
    /// What is said of the file.
    var description: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .absent: "does not exist"
        case .withoutServers: "names no server"
        case .withoutOthers: "names no server but ourselves"
        }
    }
}
