import DNS
package import Nameserver

/// The files with nameserver lines, which are followed while the rest of the configuration stays.
extension Configuration {
    /// What reading those files again has led to.
    package struct NameserverNews: Equatable, Sendable {
        /// A line for each file that names other servers now.
        package fileprivate(set) var changes: [String] = []
        /// A line for each file that names none any more, so that those before stay.
        package fileprivate(set) var silences: [String] = []

        package init() {}
    }

    /// The files, by path.
    package var nameserverFiles: [String: NameserverFile] {
        let files = forwardRules.flatMap(\.nameserverFiles).map { ($0.path, $0) }
        return Dictionary(files, uniquingKeysWith: { first, _ in first })
    }

    /// Reads the files again and takes over what they name now. A file that is missing or empty, as
    /// one may be for a moment while it is written, changes nothing.
    package mutating func rereadNameservers() -> NameserverNews {
        var news = NameserverNews()
        for (path, old) in nameserverFiles.sorted(by: { $0.key < $1.key }) {
            var new = old
            do {
                new.servers = try ResolvConf(path: path).servers(besides: listen)
                new.isSilent = false
            } catch {
                new.isSilent = true
                if !old.isSilent { news.silences.append("\(path): \(old.silence(error))") }
            }
            guard new != old else { continue }
            replace(new)
            if new.servers != old.servers { news.changes.append(line(about: new)) }
        }
        return news
    }

    private var forwardRules: some Sequence<ForwardRule> { views.lazy.flatMap(\.forward) }

    private mutating func replace(_ file: NameserverFile) {
        for view in views.indices {
            for rule in views[view].forward.indices {
                views[view].forward[rule].replace(file)
            }
        }
    }

    private func line(about file: NameserverFile) -> String {
        let rules = forwardRules.filter { $0.nameserverFiles.contains { $0.path == file.path } }
        var domains: [String] = []
        for domain in rules.map(\.domain.lineDescription) where !domains.contains(domain) {
            domains.append(domain)
        }
        return "\(file.path) changed: forwarding \(domains.joined(separator: ", ")) to "
            + file.serverList
    }
}

extension NameserverFile {
    /// A file that has not named a server yet.
    static func silent(_ path: String) -> NameserverFile {
        NameserverFile(path: path, servers: [], isSilent: true)
    }

    /// What is said when the file names none any more.
    func silence(_ failure: ResolvConf.Failure) -> String {
        "\(failure); the servers that it named before stay: \(serverList)"
    }

    /// The servers in one line, those on DNS's own port without it.
    fileprivate var serverList: String {
        servers.map { $0.port == ListenAddress.defaultPort ? "\($0.address)" : "\($0)" }
            .joined(separator: ", ")
    }
}

extension ForwardRule {
    fileprivate var nameserverFiles: [NameserverFile] {
        sources.compactMap { if case .file(let file) = $0 { file } else { nil } }
    }

    /// Puts `file` in the place of what was known of it.
    fileprivate mutating func replace(_ file: NameserverFile) {
        for (index, source) in sources.enumerated() {
            guard case .file(let old) = source, old.path == file.path else { continue }
            sources[index] = .file(file)
        }
    }
}
