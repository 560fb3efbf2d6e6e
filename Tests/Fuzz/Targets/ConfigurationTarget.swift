import Configuration
import DNS
import Glibc
import Nameserver

/// A zone file, read by the decoder of the program. The first octet chooses the zone's mode.
func fuzzZoneYAML(_ input: [UInt8]) throws(Finding) {
    var choices = Choices(input)
    let mode = choices.octet() & 1 == 0 ? "overlay" : "authoritative"
    let main = "zones: {home.example: {file: zone.yaml, mode: \(mode), reverse: true}}\n"
    let text = Array(choices.rest)
    try fuzzFiles(["horizond.yaml": Array(main.utf8), "zone.yaml": text], words: text)
}

/// A whole configuration.
func fuzzConfigurationYAML(_ input: [UInt8]) throws(Finding) {
    try fuzzFiles(
        ["horizond.yaml": input, "zone.yaml": Array("www: 192.168.10.50\n".utf8)], words: input)
}

/// Loads a configuration; one that is accepted is asked about the words of `words`.
private func fuzzFiles(_ files: [String: [UInt8]], words: [UInt8]) throws(Finding) {
    let directory = FuzzDirectory.shared
    for (name, octets) in files { directory.write(octets, to: name) }
    directory.write(Array("nameserver 192.0.2.1\n".utf8), to: "resolv.conf")
    let configuration: Configuration
    do {
        configuration = try Configuration.load(
            path: directory.path("horizond.yaml"), seed: FuzzZones.seed,
            resolvConf: directory.path("resolv.conf"))
    } catch {
        try require(!error.errors.isEmpty && error.count >= error.errors.count, "no error")
        for error in error.errors + error.warnings { try check(error) }
        return
    }
    for warning in configuration.warnings { try check(warning) }
    try ask(configuration, words)
}

/// A message is one line, and says where.
private func check(_ error: ConfigurationError) throws(Finding) {
    let text = error.description
    try require(!text.utf8.contains(0x0a), "an error of several lines: \(text)")
    try require(text.utf8.count < 4_000, "an error of \(text.utf8.count) octets: \(text)")
    try require((error.line ?? 1) > 0 && (error.column ?? 1) > 0, "line 0: \(text)")
    try require(error.line != nil || text.contains("cannot read"), "an error without line: \(text)")
}

private func ask(_ configuration: Configuration, _ words: [UInt8]) throws(Finding) {
    let site = FuzzSite(
        Snapshot(
            configuration.views,
            upstreams: UpstreamRegistry(cookieKey: SipHash.Key(low: 1, high: 2)),
            seed: FuzzZones.seed))
    let owners = words.split(maxSplits: 64) { $0 < 0x2a || $0 == 0x3a || $0 == 0x3b }.prefix(12)
    for view in configuration.views.prefix(2) {
        guard let client = view.clients.first?.address else { continue }
        for apex in view.zones.prefix(2).map(\.settings.apex) + [.root] {
            var names = [apex]
            for owner in owners {
                let text = String(decoding: owner, as: UTF8.self)
                if let name = try? DomainName(text, relativeTo: apex) { names.append(name) }
            }
            for name in names {
                for type: RRType in [.a, .https, .txt, .any] {
                    let query: [UInt8] =
                        [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + name.octets
                        + [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xff), 0, 1]
                    try site.ask(query, from: client, over: .udp) {
                        CannedUpstream.answer($0, 0, $1)
                    }
                }
            }
        }
    }
}

/// The directory of this process's configurations, in memory where there is one.
private struct FuzzDirectory: Sendable {
    static let shared = FuzzDirectory()
    private let directory: String

    private init() {
        let base = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        directory = "\(base)/horizond-fuzz-\(getpid())"
        unsafe mkdir(directory, 0o700)
        atexit { FuzzDirectory.shared.remove() }
    }

    private func remove() {
        for name in ["horizond.yaml", "zone.yaml", "resolv.conf"] { unsafe unlink(path(name)) }
        unsafe rmdir(directory)
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func write(_ octets: [UInt8], to name: String) {
        let file = unsafe open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(file >= 0)
        let count = unsafe octets.withUnsafeBytes {
            unsafe Glibc.write(file, $0.baseAddress, $0.count)
        }
        precondition(count == octets.count)
        close(file)
    }
}
