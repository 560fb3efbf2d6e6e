import Configuration
import DNS
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

/// A file of nameservers, which the host's DHCP client writes.
func fuzzResolvConf(_ input: [UInt8]) throws(Finding) {
    try fuzzFiles(
        ["horizond.yaml": Array("forward: {.: [192.0.2.1, ./resolv.conf]}\n".utf8)], words: [],
        resolvConf: input)
}

/// Loads a configuration; one that is accepted is asked about the words of `words`.
private func fuzzFiles(
    _ files: [String: [UInt8]], words: [UInt8],
    resolvConf: [UInt8] = Array("nameserver 192.0.2.1\n".utf8)
) throws(Finding) {
    let directory = FuzzDirectory.shared
    for (name, octets) in files { directory.write(octets, to: name) }
    directory.write(resolvConf, to: "resolv.conf")
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
    try require(
        text == text.escapingUnprintable, "an error that a terminal would obey: \(text)")
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
