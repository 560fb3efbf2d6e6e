/// The setting `queries` of `log`: which queries become lines, what these tell, and where they go.
package struct QueryLogSettings: Equatable, Sendable {
    package var which = Which.off
    package var destination = Destination.journal
    /// One of so many queries becomes a line.
    package var sample = 1
    package var clients = Clients.full

    package enum Which: String, CaseIterable, Sendable {
        case off
        /// Those with an answer that is neither NOERROR nor NXDOMAIN.
        case errors
        case all
    }

    package enum Destination: Equatable, Sendable {
        /// The program's own log.
        case journal
        /// Lines of JSON.
        case file(String, rotation: Rotation?)
        /// The socket of a collector (dnstap.info).
        case dnstap(String)
    }

    /// What a line tells of the client's address.
    package enum Clients: String, CaseIterable, Sendable {
        case full
        /// The network alone, the rest zero.
        case prefix
        case hidden
    }

    /// When a file gives way to a new one.
    package struct Rotation: Equatable, Sendable {
        /// No file becomes larger, in octets.
        package var size = 64 << 20
        /// The full files that are kept.
        package var keep = 5

        package init() {}
    }

    package init(which: Which = .off) { self.which = which }
}

extension QueryLogSettings {
    /// The shortest has room for the longest line; the longest is more than a disk's worth.
    static let rotationSizes = (16 << 10)...(1 << 40)
    /// Each is renamed at each rotation.
    package static let rotationCounts = 1...100
    /// More than a busy server's queries of a minute.
    static let samples = 1...1_000_000
}

extension QueryLogSettings: CustomStringConvertible {
    package var description: String {
        guard which != .off else { return "off" }
        var parts = ["\(which) to \(destination)"]
        if sample > 1 { parts.append("one of \(sample)") }
        if clients != .full { parts.append("clients \(clients)") }
        return parts.joined(separator: ", ")
    }
}

extension QueryLogSettings.Destination: CustomStringConvertible {
    package var description: String {
        switch self {
        case .journal: "journal"
        case .file(let path, nil): "file:\(path), not rotated"
        case .file(let path, let rotation?):
            "file:\(path), rotated at \(ConfigurationFile.size(rotation.size)), "
                + "\(rotation.keep) kept"
        case .dnstap(let path): "dnstap:\(path)"
        }
    }
}
