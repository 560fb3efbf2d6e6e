import Configuration
import DNS
import Foundation

@testable import Migration

/// A directory of files for one test, removed with the object.
final class SampleDirectory: Sendable {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("horizond-import-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

    func write(_ data: Data, to name: String) throws {
        let url = URL(fileURLWithPath: file(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }
}

/// The samples of all formats, as close to real installations as they can be.
enum Sample: String, CaseIterable {
    case dnsmasq, pihole, coredns, unbound, adguard, bind, gateway, hosts

    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Samples").path

    /// The files that are given to the importer, relative to the sample's directory.
    var files: [String] {
        switch self {
        case .dnsmasq: ["dnsmasq.conf"]
        case .pihole: ["pihole.toml", "custom.list", "05-pihole-custom-cname.conf"]
        case .coredns: ["Corefile"]
        case .unbound: ["unbound.conf"]
        case .adguard: ["AdGuardHome.yaml"]
        case .bind: ["db.example.org"]
        case .gateway: ["gateway.yaml", "routes.yaml"]
        case .hosts: ["hosts"]
        }
    }

    var root: String { Self.directory + "/" + rawValue + "/" }

    func data(_ file: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: root + file))
    }
}

extension ImportedSite {
    /// The site of these files, given by name and text.
    init(
        _ files: [String: String], format: ForeignFormat? = nil, gatewayAddress: IPAddress? = nil
    ) throws {
        let directory = try SampleDirectory(files)
        self = try Importer(
            paths: files.keys.sorted().map { directory.file($0) }, format: format,
            gatewayAddress: gatewayAddress
        ).run()
    }

    /// All lines of all files, without the comments that name their origin.
    var written: [String] {
        files.flatMap(\.lines).map { line in
            line.firstRange(of: "  # from").map { String(line[..<$0.lowerBound]) } ?? line
        }
    }

    func file(_ path: String) -> [String] {
        let lines = files.first { $0.path == path }?.lines ?? []
        return lines.map { line in
            line.firstRange(of: "  # from").map { String(line[..<$0.lowerBound]) } ?? line
        }
    }

    /// Writes everything below `directory` and reads it as `horizond check` does.
    func load(in directory: SampleDirectory) throws -> Configuration {
        for file in files { try directory.write(file.text, to: file.path) }
        return try Configuration.load(
            path: directory.file("horizond.yaml"), seed: 1, resolvConf: "/dev/null")
    }
}
