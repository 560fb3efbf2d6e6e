import DNS
import Foundation
import Nameserver

/// The `nameserver` lines of a resolv.conf file (resolv.conf(5)).
struct ResolvConf {
    /// No real one is longer; the rest of a longer file is not read.
    private static let maximumLines = 1_000

    /// The servers in the order of the file, each once.
    private(set) var nameservers: [UpstreamAddress] = []
    /// Lines whose address is none, such as one with a zone index (`fe80::1%eth0`).
    private(set) var unusable: [(line: Int, text: String)] = []

    /// nil when the file cannot be read.
    init?(path: String) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        self.init(text: text)
    }

    init(text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.prefix(Self.maximumLines).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.first == "nameserver", words.count > 1 else { continue }
            guard let address = IPAddress(words[1]), !address.isUnspecified else {
                unusable.append((index + 1, String(words[1])))
                continue
            }
            let upstream = UpstreamAddress(address)
            if !nameservers.contains(upstream) { nameservers.append(upstream) }
        }
    }
}
