import Configuration
import DNS

/// The line that tells how far work has come: `zones/example.com.yaml: 412000 records, 41 %, 3 s`.
struct ProgressText {
    let state: WorkProgress.State
    let seconds: Int

    /// The line in at most `width` columns. The title gives way first, and keeps its end, since that
    /// is what tells one file from another.
    func line(width: Int) -> String {
        let details = details.joined(separator: ", ")
        let title = state.stage.title.escapingUnprintable
        let room = width - details.count - 2
        if Self.columns(title) <= room { return "\(title): \(details)" }
        guard room >= Self.shortestTitle else { return String(details.prefix(max(0, width))) }
        var end = title[...]
        while Self.columns(end) > room - 1 { end.removeFirst() }
        return "…\(end): \(details)"
    }

    /// A title that is cut to less says nothing.
    private static let shortestTitle = 8

    private var details: [String] {
        var details: [String] = []
        if let unit = state.stage.unit, state.count > 0 { details.append("\(state.count) \(unit)") }
        if let share = state.share { details.append("\(Int(share * 100)) %") }
        let minutes = seconds / 60
        details.append(minutes > 0 ? "\(minutes) min \(seconds % 60) s" : "\(seconds) s")
        return details
    }

    /// At most so many columns: what is not ASCII may be as wide as two.
    private static func columns(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + ($1.isASCII ? 1 : 2) }
    }
}
