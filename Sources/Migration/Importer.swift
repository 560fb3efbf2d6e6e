package import Configuration
package import DNS

/// The configuration made of other servers' files, and what became of each of their lines.
package struct ImportedSite: Sendable {
    /// `horizond.yaml` last, behind the zone files that it names.
    package let files: [OutputFile]
    package let report: ImportReport
}

/// Reads the files of other servers, all as one configuration.
package struct Importer {
    private let paths: [String]
    private let format: ForeignFormat?
    private let gatewayAddress: IPAddress?
    private let files = SourceFiles()

    package init(paths: [String], format: ForeignFormat?, gatewayAddress: IPAddress? = nil) {
        self.paths = paths
        self.format = format
        self.gatewayAddress = gatewayAddress
    }

    private struct Source {
        let path: String
        let text: String
        let format: ForeignFormat

        /// Whether there is more in it than comments.
        var hasText: Bool {
            text.split(whereSeparator: \.isNewline).map(\.trimmed)
                .contains { !$0.isEmpty && !$0.hasPrefix("#") }
        }
    }

    /// `progress` is told how far it is.
    package func run(_ progress: WorkProgress? = nil) throws(ImportError) -> ImportedSite {
        let title = paths.map(\.lastPathPart).joined(separator: ", ")
        progress?.begin("reading \(title)", counting: "lines")
        var sources: [Source] = []
        for path in paths {
            let text = try files.text(path)
            sources.append(Source(path: path, text: text, format: try format(path, text)))
        }
        var site = ForeignSite(progress)
        readDnsmasq(sources, &site)
        try readOthers(sources, &site)
        try readGateways(sources.filter { $0.format == .gateway }, &site)
        for source in sources { try check(source, site) }
        let plans = ZonePlans(&site)
        progress?.begin("composing the configuration", counting: "lines")
        let writer = SiteWriter(site, plans, title: title)
        return ImportedSite(
            files: writer.output.files,
            report: ImportReport(writer.site, writer.output.places))
    }

    private func format(_ path: String, _ text: String) throws(ImportError) -> ForeignFormat {
        if let format {
            // Pi-hole has files of three forms.
            guard format == .pihole else { return format }
            if path.hasSuffix(".toml") { return .pihole }
            return path.hasSuffix(".list") || path.lastPathPart == "hosts" ? .hosts : .dnsmasq
        }
        guard let format = ForeignFormat.recognise(path: path, text: text) else {
            let words = ForeignFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ImportError(
                "\(path.quotedPath): its name and content do not tell what it is; give --from with "
                    + "one of \(words)")
        }
        return format
    }

    /// Refuses a file whose format is another one, which shows in most of its lines.
    private func check(_ source: Source, _ site: ForeignSite) throws(ImportError) {
        let own = site.statements.filter { $0.place.file == source.path }
        let unknown = own.filter(\.isUnknown)
        let problem = "\(source.path.quotedPath) does not look like \(source.format.title)"
        if let first = unknown.first, unknown.count * 2 > own.count {
            throw ImportError(
                "\(problem): \(unknown.count) of its \(own.count) lines are nothing of that kind "
                    + "(line \(first.place.line): \(first.refusals.joined(separator: "; ")))")
        }
        // A list of hosts may well be empty.
        if own.isEmpty, source.hasText { throw ImportError("\(problem): it has no line of it") }
    }

    // MARK: dnsmasq and Pi-hole

    /// Pi-hole's files, dnsmasq's and lists of hosts are one configuration of one server.
    private func readDnsmasq(_ sources: [Source], _ site: inout ForeignSite) {
        let reader = DnsmasqReader(site, files)
        for source in sources where source.format == .pihole {
            var pihole = PiHoleReader(reader, path: source.path)
            pihole.read(source.text)
        }
        reader.read(
            sources.filter { $0.format == .dnsmasq }.map { source in
                (source.path, SourceFiles.lines(of: source.text, in: source.path))
            })
        for source in sources where source.format == .hosts {
            reader.readHosts(SourceFiles.lines(of: source.text, in: source.path))
        }
        let isServed =
            sources.contains { $0.format == .pihole || $0.format == .dnsmasq }
            || sources.contains { $0.path.hasSuffix(".list") } || format == .pihole
        site = reader.finish(isServed: isServed)
        if isServed {
            site.remarks.append("what leaks is what dnsmasq 2.90 lets through; others may differ")
        }
    }

    // MARK: The other formats

    private func readOthers(
        _ sources: [Source], _ site: inout ForeignSite
    ) throws(ImportError) {
        for source in sources {
            let lines = SourceFiles.lines(of: source.text, in: source.path)
            switch source.format {
            case .coredns:
                let reader = CoreDNSReader(site, files)
                for lines in try corefiles(source, lines) { reader.read(lines, path: source.path) }
                site = reader.site
            case .unbound:
                let reader = UnboundReader(site, files)
                reader.read(lines, path: source.path)
                site = reader.finish()
            case .bind:
                let reader = MasterFileReader(site, files, apex: nil)
                reader.read(source.text, path: source.path)
                site = reader.site
            case .adguard:
                let reader = AdGuardHomeReader(site, path: source.path)
                for document in try documents(source) { reader.read(document) }
                site = reader.site
            case .pihole, .dnsmasq, .hosts, .gateway: break
            }
        }
    }

    /// The file itself, or what it has in ConfigMaps.
    private func corefiles(
        _ source: Source, _ lines: [SourceLine]
    ) throws(ImportError) -> [[SourceLine]] {
        guard CorefileConfigMap.isOne(lines.map(\.text.trimmed)) else { return [lines] }
        return CorefileConfigMap.corefiles(try documents(source), lines)
    }

    /// Routes and Gateways may be in different files.
    private func readGateways(
        _ sources: [Source], _ site: inout ForeignSite
    ) throws(ImportError) {
        guard !sources.isEmpty else { return }
        let reader = GatewayAPIReader(site, gatewayAddress: gatewayAddress)
        for source in sources { reader.read(try documents(source), path: source.path) }
        site = reader.finish()
    }

    private func documents(_ source: Source) throws(ImportError) -> [YAMLNode] {
        do {
            return try YAMLDocuments.read(path: source.path)
        } catch {
            let line = error.line.map { ":\($0)" } ?? ""
            throw ImportError("\(source.path.quotedPath)\(line): \(error)")
        }
    }
}
