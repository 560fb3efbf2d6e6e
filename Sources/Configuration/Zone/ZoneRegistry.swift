import DNS
import Foundation
import Nameserver

/// The zones of the setting `zones`, and all that were built: a zone that several views see is
/// built once and shared.
final class ZoneRegistry {
    private let file: ConfigurationFile
    private let seed: UInt64
    /// Whether `zones` was read without an error: else a name that is not there may well be meant.
    private var isComplete: Bool
    private var declared: [Declared] = []
    private var numbers: [DomainName: Int] = [:]
    private let progress: WorkProgress?
    /// The files whose octets `progress` expects, and which have not been read.
    private var expected: Set<String> = []
    /// What was built, by its source: seldom more than one each.
    private var built: [String: [Built]] = [:]

    private struct Declared {
        let name: String
        let zone: ZoneDeclaration
    }

    private struct Built {
        let settings: ZoneSettings
        let ttl: UInt32
        let zone: Zone?
    }

    init(
        _ file: ConfigurationFile, seed: UInt64, isComplete: Bool, progress: WorkProgress?
    ) {
        self.file = file
        self.progress = progress
        self.seed = seed
        self.isComplete = isComplete
    }

    /// How many zones were built.
    private(set) var zoneCount = 0

    // MARK: The setting `zones`

    /// A mapping of zones, or a directory.
    func decode(_ node: YAMLNode) {
        if let path = node.scalar {
            decodeDirectory(path)
        } else if case .mapping(let entries, _) = node {
            for (apex, entry) in file.domains(entries, what: "zone") {
                declare(entry.key.text, file.zoneDeclaration(apex, entry))
            }
        } else {
            isComplete = false
            file.wrongKind(
                node, expected: "a mapping of zone names to files, or the path of a directory")
        }
    }

    /// Every `NAME.yaml` of a directory is the zone NAME.
    private func decodeDirectory(_ path: YAMLScalar) {
        let other = file.other(file.resolve(path.text))
        let directory = other.path
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            isComplete = false
            let isFile =
                RegularFile.isDirectory(directory) == false
                && FileManager.default.fileExists(atPath: directory)
            file.error(
                path.mark,
                "cannot read the directory \(directory.quotedPath): "
                    + (isFile ? "Not a directory" : other.reason(error)),
                expected: "a directory of NAME.yaml files, or a mapping of zone names to files")
            return
        }
        let suffix = ".yaml"
        let zones = names.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted()
        if zones.isEmpty {
            file.warning(path.mark, "the directory \(directory.quotedPath) has no NAME.yaml file")
        }
        let entries = zones.map { name in
            let key = YAMLScalar(
                text: String(name.dropLast(suffix.count)), isPlain: true, mark: path.mark)
            let file = YAMLScalar(text: "\(path.text)/\(name)", isPlain: true, mark: path.mark)
            return YAMLEntry(key: key, value: .scalar(file))
        }
        for (apex, entry) in file.domains(entries, what: "zone") {
            declare(entry.key.text, file.zoneDeclaration(apex, entry))
        }
    }

    private func declare(_ name: String, _ zone: ZoneDeclaration) {
        numbers[zone.settings.apex] = declared.count
        declared.append(Declared(name: name, zone: zone))
        if case .file(let path, _) = zone.source { expect(path) }
    }

    /// Tells `progress` that a file will be read, once for each time that it is.
    private func expect(_ path: String) {
        guard let progress, expected.insert(path).inserted else { return }
        progress.expect(RegularFile.size(path) ?? 0)
    }

    // MARK: What views see

    /// Every zone of the setting, in its order.
    func all() -> [Zone] { declared.compactMap { build($0.zone) } }

    /// The zone that a view names.
    func zone(_ apex: DomainName, named name: YAMLScalar) -> Zone? {
        guard let number = numbers[apex] else {
            if isComplete { reportUnknown(name) }
            return nil
        }
        return build(declared[number].zone)
    }

    private func reportUnknown(_ name: YAMLScalar) {
        guard declared.isEmpty else {
            return file.unknown("zone", name, among: declared.map(\.name))
        }
        file.error(
            name.mark, "unknown zone \(name.text.quoted)",
            expected: "a zone of \"zones\", which has none",
            suggestion: "{\(name.text): FILE}")
    }

    /// The zone that a view describes itself, starting from the one of that name if there is one.
    func zone(_ apex: DomainName, _ entry: YAMLEntry) -> Zone? {
        let base = numbers[apex].map { declared[$0].zone }
        return build(file.zoneDeclaration(apex, entry, base: base))
    }

    // MARK: Building

    private func build(_ declaration: ZoneDeclaration) -> Zone? {
        guard let source = declaration.source else { return nil }
        let (settings, ttl) = (declaration.settings, declaration.recordTTL)
        let known = built[source.key, default: []].first {
            $0.settings == settings && $0.ttl == ttl
        }
        if let known { return known.zone }
        let zone =
            switch source {
            case .records(let entries, let mark): build(declaration, entries, mark)
            case .file(let path, let mark): build(declaration, path, mark)
            }
        if zone != nil { zoneCount += 1 }
        built[source.key, default: []].append(Built(settings: settings, ttl: ttl, zone: zone))
        return zone
    }

    private func build(
        _ declaration: ZoneDeclaration, _ entries: [YAMLEntry], _ mark: YAMLMark
    ) -> Zone? {
        var decoder = ZoneDecoder(file, declaration, seed: seed, progress: progress)
        for entry in entries { decoder.decode(entry) }
        return decoder.build(mark)
    }

    /// Reads a zone file record by record.
    private func build(
        _ declaration: ZoneDeclaration, _ path: String, _ mark: YAMLMark
    ) -> Zone? {
        let zoneFile = file.other(path)
        expect(path)
        expected.remove(path)
        progress?.goOn(with: path)
        var decoder = ZoneDecoder(zoneFile, declaration, seed: seed, progress: progress)
        do {
            let reader = try YAMLReader(path: path, progress: progress)
            try reader.enterMapping(
                expected: "names with their records, such as www: 192.168.10.50, or {} for none "
                    + "(`horizond import` reads files of other forms)")
            while let entry = try reader.nextEntry() { decoder.decode(entry) }
            zoneFile.note(reader.hash)
        } catch {
            file.error(mark, in: zoneFile, error)
            return nil
        }
        return decoder.build(nil)
    }
}

extension ZoneDeclaration.Source {
    /// Tells one source from another.
    fileprivate var key: String {
        switch self {
        case .file(let path, _): path
        case .records(_, let mark): "\(mark.line):\(mark.column)"
        }
    }
}
