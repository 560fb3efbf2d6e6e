import DNS
import Migration

/// Another server's file. The first octet chooses its format.
func fuzzImport(_ input: [UInt8]) throws(Finding) {
    var choices = Choices(input)
    let format = choices.pick(ForeignFormat.allCases)
    let name = format == .pihole ? "source.toml" : "source"
    let directory = FuzzDirectory.shared
    directory.write(Array(choices.rest), to: name)
    let site: ImportedSite
    do {
        site = try Importer(paths: [directory.path(name)], format: format).run()
    } catch {
        let text = error.description
        try require(text == text.escapingUnprintable, "what a terminal would obey: \(text)")
        return
    }
    for file in site.files { try check(file) }
    for line in site.report.lines {
        try require(line == line.escapingUnprintable, "what a terminal would obey: \(line)")
    }
}

/// The file is below the directory that was asked for, and all in it can be seen.
private func check(_ file: OutputFile) throws(Finding) {
    let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
    let isBelow =
        (1...3).contains(parts.count) && parts.allSatisfy { !$0.isEmpty && $0.first != "." }
    try require(isBelow && file.path.utf8.count < 1_000, "a file \(file.path)")
    try require(!file.path.utf8.contains(0), "a file \(file.path)")
    for line in file.lines {
        try require(
            line == line.escapingUnprintable, "what a terminal would obey: \(line) in \(file.path)")
    }
}
