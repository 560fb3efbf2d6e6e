import DNS
import TestSupport

/// A zone behind forwarders: corner cases, and hosts drawn by a seed. It delegates nothing, for a
/// forwarder's upstream resolves.
struct ForwardedZone {
    static let apex = "forwarded.example."
    /// Zone file text without its `$ORIGIN`.
    private(set) var text = ""
    /// The owner names, relative to the apex, each once.
    private(set) var owners: [String] = []
    /// The types at each of them.
    private(set) var types: [String: [RRType]] = [:]

    init(seed: UInt64) {
        for line in Self.cases { add(line) }
        var generator = SeededGenerator(seed: seed)
        for number in 0..<Self.hostCount {
            let owner = "\(generator.pick(Self.labels))\(number).\(generator.pick(Self.labels))"
            addHost(owner, number, &generator)
        }
    }

    private static let hostCount = 300
    private static let labels = ["a", "bee", "C", "Dee", "e-e", "f_f"]

    private mutating func add(_ line: String) {
        text += line + "\n"
        let words = line.split(separator: " ")
        let owner = String(words[0])
        if types[owner] == nil { owners.append(owner) }
        let type = words.lazy.dropFirst().compactMap { RRType(mnemonic: $0) }.first ?? .a
        if types[owner]?.contains(type) != true { types[owner, default: []].append(type) }
    }

    private mutating func addHost(
        _ owner: String, _ number: Int, _ generator: inout SeededGenerator
    ) {
        switch generator.below(8) {
        case 0: add("\(owner) CNAME \(generator.pick(owners.filter { $0 != "@" }))")
        case 1:
            add("\(owner) MX 10 \(generator.pick(["mail", "www", "gone", "mail.outside.net."]))")
        case 2: add("\(owner) TXT \"text \(number)\" \"\(generator.below(1000))\"")
        case 3: add("\(owner) SRV 0 5 5060 www")
        case 4: add("\(owner) HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.\(number % 256)")
        default:
            for _ in 0...generator.below(3) { add("\(owner) A 192.0.2.\(generator.below(256))") }
            if generator.oneIn(2) { add("\(owner) AAAA 2001:db8::\(number)") }
        }
    }

    /// What the resolvers may see differently: aliases in chains, loops and to other zones, wildcards,
    /// empty non-terminals, DNAME, answers of every length, many types.
    private static let cases =
        [
            "@ MX 10 mail", "@ TXT \"v=spf1 mx -all\"", "@ CAA 0 issue \"letsencrypt.org\"",
            "@ A 192.0.2.1", "www A 203.0.113.1", "www A 203.0.113.2", "www AAAA 2001:db8::1",
            "www HTTPS 1 . alpn=h2,h3 ech=AEX+DQBBhwAgACBQ", "mail A 192.0.2.25",
            "c1 CNAME www", "c2 CNAME c1", "c3 CNAME c2", "c4 CNAME c3",
            "dangling CNAME gone", "cwild CNAME any.w", "cdn CNAME www.example.com.",
            "cout CNAME gone.example.com.", "ctext CNAME text", "cent CNAME ent",
            "*.w A 192.0.2.10", "*.w TXT \"wild\"", "*.b.w A 192.0.2.11", "exact.w MX 5 mail",
            "*.wc CNAME www", "*.wn CNAME gone", "deep.in.ent A 192.0.2.2",
            "dn DNAME w", "dnout DNAME example.com.", "dnmiss DNAME gone", "dn TXT \"at it\"",
            "text TXT \"one\" \"two \\\"2\\\"\"", "srv SRV 0 5 5060 www", "ptr PTR www",
            "naptr NAPTR 100 10 \"U\" \"E2U+sip\" \"!^.*$!sip:a@b.net!\" .",
            "sshfp SSHFP 2 1 123456789ABCDEF67890123456789ABCDEF67890",
            "tlsa TLSA 3 1 1 \(ZoneCases.digest)", "uri URI 10 1 \"https://www.example/\"",
            "svcb SVCB 16 www mandatory=alpn alpn=h2 port=8443", "hinfo HINFO \"cpu\" \"os\"",
            "type TYPE65280 \\# 3 ABCDEF", "loc LOC 31 58 52.1 S 115 49 11.7 E 20m",
            "short 0 A 192.0.2.30", "long 604800 A 192.0.2.31",
        ] + (1...28).map { "many A 203.0.113.\($0)" } + (1...90).map { "most A 203.0.113.\($0)" }
        + (1...20).map { "huge TXT \"\($0) \(String(repeating: "x", count: 200))\"" }
        + (1...12).map { "mails MX \($0) host-\($0)" }
        + (1...12).flatMap {
            ["host-\($0) A 203.0.113.\($0)", "host-\($0) AAAA 2001:db8:1::\($0)"]
        }
}
