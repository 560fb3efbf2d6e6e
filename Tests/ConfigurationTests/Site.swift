import DNS
import Foundation
import Nameserver
import Testing

@testable import Configuration

/// A directory of its own with the files of one configuration, removed with this object.
final class Site {
    static let seed: UInt64 = 0x5eed

    private let directory: String

    /// `main` is horizond.yaml; `files` are others, by their path relative to it.
    init(_ main: String, files: [String: String] = [:]) throws {
        let name = "horizond-configuration-\(UUID().uuidString)"
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try write(main, to: "horizond.yaml")
        for (path, text) in files { try write(text, to: path) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    func path(_ file: String) -> String { "\(directory)/\(file)" }

    func place(_ file: String, line: Int, column: Int = 3) -> ConfigurationPlace {
        ConfigurationPlace(file: path(file), line: line, column: column)
    }

    func write(_ text: String, to file: String) throws {
        let path = path(file)
        try FileManager.default.createDirectory(
            atPath: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]),
            withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    /// The configuration, with `resolv.conf` of this site as the host's own.
    func load() throws(ConfigurationErrors) -> Configuration {
        try Configuration.load(
            path: path("horizond.yaml"), seed: Self.seed, resolvConf: path("resolv.conf"))
    }

    /// What is wrong, a line each, the files' paths relative to the site.
    func errors() -> [String] {
        do {
            _ = try load()
            return []
        } catch {
            return lines(error.errors)
        }
    }

    func warnings() throws -> [String] { lines(try load().warnings) }

    private func lines(_ errors: [ConfigurationError]) -> [String] {
        errors.map { $0.description.replacingOccurrences(of: directory + "/", with: "") }
    }
}

/// The errors of a configuration in one file.
func errors(_ main: String, files: [String: String] = [:]) throws -> [String] {
    try Site(main, files: files).errors()
}

/// The errors of a zone file for example.com.
func zoneErrors(_ zone: String, mode: String = "overlay") throws -> [String] {
    try errors(
        "zones: {example.com: {file: zone.yaml, mode: \(mode)}}", files: ["zone.yaml": zone])
}

/// The view of a configuration's only view.
func onlyView(_ main: String, files: [String: String] = [:]) throws -> ViewDescription {
    let views = try Site(main, files: files).load().views
    try #require(views.count == 1)
    return views[0]
}

func name(_ text: String) throws -> DomainName { try DomainName(text) }
