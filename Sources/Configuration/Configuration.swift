package import Nameserver

/// All that the configuration files say, checked and built.
package struct Configuration: Sendable {
    /// At most as many workers: more than the cores of any host that this is for.
    package static let maximumWorkers = 256
    package static let defaultCacheSize = 64 << 20
    /// A cache has many shards, and each must hold a few answers.
    package static let cacheSizes = (1 << 20)...(64 << 30)

    /// Where the server listens, by UDP and TCP.
    package var listen = ListenAddress.standard
    /// How many workers answer; nil for one per core.
    package var workers: Int?
    /// The most memory for cached answers, in octets.
    package var cacheSize = Self.defaultCacheSize
    /// The file that keeps cached answers over a restart; nil for none.
    package var cacheFile: String?
    package var tcp = TCPSettings()
    package var log = LogSettings()
    package var control = ControlSetting.standard
    package var admin = AdminSettings()
    /// How many seconds are between two audits of the owned names; nil for none.
    package var auditInterval: Int?
    /// What the server says about itself, but for `cookies`.
    package var server = ServerDescription()
    package var cookies = CookieSetting.ownSecrets
    /// Whom TLS connections to upstreams trust beside the system's authorities.
    package var authorities: AuthorityFile?
    /// The views with their zones, forward rules and policies, in the order of the file.
    package var views: [ViewDescription] = []
    /// How many zones there are; one that several views share counts once.
    package var zoneCount = 0
    package var warnings: [ConfigurationError] = []
    /// The files and directories that were read, that of `load` first.
    package var files: [String] = []
    /// Of what stands in the files.
    package var hash = ConfigurationHash([])

    /// Whether a view's clients are what the host's interfaces say.
    package var followsInterfaces: Bool { views.contains { !$0.followed.isEmpty } }

    /// What is logged besides the service's own life.
    package struct LogSettings: Equatable, Sendable {
        /// A line for each query that failed.
        package var errors = true
        package var queries = QueryLogSettings()

        package init() {}
    }

    /// Reads the configuration at `path` and every file that it names. `seed` is the process's
    /// secret for its hash tables. The nameservers of `previous` stay where a file names none just
    /// now. `interfaces` are those of the host, nil where nobody knows; one that is named and not
    /// there is a warning. `progress` is told what is read. Throws all mistakes of all files at once.
    package static func load(
        path: String, seed: UInt64, resolvConf: String = "/etc/resolv.conf",
        previous: Configuration? = nil, interfaces: [InterfaceNetworks]? = nil,
        isForService: Bool = true, progress: WorkProgress? = nil
    ) throws(ConfigurationErrors) -> Configuration {
        let diagnostics = Diagnostics(isForService: isForService)
        let file = ConfigurationFile(path, diagnostics)
        var decoder = ConfigurationDecoder(
            file, seed: seed, resolvConf: resolvConf,
            knownNameservers: previous?.nameserverFiles ?? [:], interfaces: interfaces,
            progress: progress)
        var configuration = decoder.decode()
        guard !diagnostics.hasErrors else { throw diagnostics.collected }
        configuration.warnings = diagnostics.sortedWarnings
        configuration.files = diagnostics.files
        configuration.hash = diagnostics.configurationHash
        return configuration
    }
}
