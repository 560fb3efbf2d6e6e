import Foundation
import Testing

/// The rules of ARCHITECTURE.md that a compiler does not check, held against every source file.
@Suite("The modules keep to their imports")
struct ImportRulesTests {
    /// What each target may import: its own row of the table in ARCHITECTURE.md.
    private static let mayImport: [String: Set<String>] = [
        "DNS": [],
        "Nameserver": ["DNS", "Synchronization"],
        "Transport": ["DNS", "CSockets", "CTLS", "Dispatch", "Glibc", "Synchronization"],
        "Configuration": [
            "DNS", "Nameserver", "Yams", "CYaml", "Foundation", "Glibc", "Synchronization",
        ],
        "Migration": ["DNS", "Nameserver", "Configuration", "Foundation"],
        "Admin": ["Dispatch", "FlyingFox", "FlyingSocks", "Foundation", "Synchronization"],
        "horizond": [
            "DNS", "Nameserver", "Transport", "Configuration", "Migration", "Admin",
            "ArgumentParser", "Logging", "CSystemd", "CSockets", "Dispatch", "Foundation", "Glibc",
            "Synchronization",
        ],
    ]

    /// The files that may say `unsafe`; each use gives the reason why it is sound.
    private static let mayBeUnsafe: Set<String> = [
        "Configuration/RegularFile.swift",
        "Configuration/YAML/YAMLReader.swift",
        "DNS/Octets.swift",
        "Nameserver/Accounting/CounterTable.swift", "Nameserver/Limits/AtomicTable.swift",
        "Nameserver/Cache/AnswerScratch.swift",
        "Nameserver/Cache/CacheGhosts.swift",
        "Nameserver/Cache/CacheRing.swift",
        "Nameserver/Cache/CacheShard.swift", "Nameserver/Cache/CacheShard+Size.swift",
        "Nameserver/Cache/CacheSlots.swift",
        "Nameserver/Cache/LockedCacheShard.swift",
        "Nameserver/Zone/LookupName.swift",
        "Nameserver/Borrowed.swift", "Nameserver/Zone/NameTable.swift",
        "Transport/Syscalls.swift",
        "Transport/DatagramBatch.swift",
        "Transport/PollSet.swift",
        "Transport/StreamAnswers.swift", "Transport/StreamBuffer.swift",
        "Transport/TLS/TLSContext.swift",
        "Transport/TLS/TLSSession.swift",
        "Transport/TLS/TLSTickets.swift",
        "horizond/AtomicFile.swift", "horizond/NewFile.swift", "horizond/Progress/Terminal.swift",
        "horizond/Control/UnixSocket.swift",
        "horizond/Service/Rights.swift", "horizond/Service/Systemd.swift",
        "horizond/Log/Journal.swift",
        "horizond/Log/Sinks/RotatingFile.swift",
    ]

    private static let maximumLines = 400

    private struct Source {
        /// The path below Sources.
        let path: String
        let lines: [Substring]

        var target: String { String(path.prefix { $0 != "/" }) }

        /// The modules that the file imports: `import M`, with any attribute, access level or kind.
        var imports: [String] {
            lines.compactMap { line -> String? in
                let words = line.split { $0 == " " || $0 == "\t" }
                guard let index = words.firstIndex(of: "import"),
                    words[..<index].allSatisfy({
                        Self.beforeImport.contains($0) || $0.hasPrefix("@")
                    }),
                    var name = words[(index + 1)...].first
                else { return nil }
                if Self.kinds.contains(name), index + 2 < words.count { name = words[index + 2] }
                return String(name.prefix { $0 != "." && $0 != ";" })
            }
        }

        private static let beforeImport: Set<Substring> = [
            "public", "package", "internal", "fileprivate", "private",
        ]
        private static let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
        ]

        /// The lines that mark unsafe code, comments and strings apart.
        var saysUnsafe: Bool {
            lines.contains { line in
                let code = line.prefix(upTo: line.range(of: "//")?.lowerBound ?? line.endIndex)
                return code.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "\"") }
                    .contains("unsafe")
            }
        }
    }

    private static func sources() throws -> [Source] {
        let root = Server.repository + "/Sources"
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root)
        return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            let text = try String(contentsOfFile: root + "/" + path, encoding: .utf8)
            return Source(
                path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    @Test("Every file imports only what its target may")
    func imports() throws {
        let sources = try Self.sources()
        #expect(sources.count > 10)
        for source in sources {
            let allowed = try #require(
                Self.mayImport[source.target], "no rule for Sources/\(source.target)")
            for module in source.imports {
                #expect(
                    allowed.contains(module),
                    "Sources/\(source.path) imports \(module); \(source.target) may import \(allowed.sorted())"
                )
            }
        }
    }

    @Test("Only Configuration knows the YAML library, Transport OpenSSL, and nothing SwiftNIO")
    func libraries() throws {
        for source in try Self.sources() {
            for module in source.imports {
                #expect(!module.hasPrefix("NIO") && !module.hasPrefix("_NIO"), "\(source.path)")
                if module == "CTLS" { #expect(source.target == "Transport", "\(source.path)") }
                if module == "Yams" || module == "CYaml" {
                    #expect(source.target == "Configuration", "\(source.path)")
                }
            }
        }
    }

    @Test("Unsafe code stands only where ARCHITECTURE.md says")
    func unsafeCode() throws {
        for source in try Self.sources() where source.saysUnsafe {
            #expect(
                Self.mayBeUnsafe.contains(source.path),
                "Sources/\(source.path) has unsafe code; see ARCHITECTURE.md")
        }
    }

    @Test("No source file has more than 400 lines")
    func fileLengths() throws {
        for source in try Self.sources() {
            #expect(
                source.lines.count <= Self.maximumLines + 1,
                "Sources/\(source.path) has \(source.lines.count) lines")
        }
    }
}
