import DNS
import Nameserver

/// Colours on a terminal, and none elsewhere.
struct TerminalStyle {
    let isOn: Bool

    func dim(_ text: String) -> String { with("2", text) }
    func bold(_ text: String) -> String { with("1", text) }

    /// Failures in red, refusals and denials in yellow.
    func result(_ text: String, rcode: String) -> String {
        switch rcode {
        case "\(RCode.noError)": text
        case "\(RCode.serverFailure)", "\(RCode.formatError)": with("31", text)
        default: with("33", text)
        }
    }

    /// What is answered here in green, what is stale in yellow, what failed in red.
    func source(_ text: String, _ source: String) -> String {
        switch AnswerSource(rawValue: source) {
        case .overlay, .zone: with("32", text)
        case .cache: with("36", text)
        case .stale, .refused: with("33", text)
        case .failure, .error: with("31", text)
        case .upstream, .server, nil: text
        }
    }

    private func with(_ code: String, _ text: String) -> String {
        isOn && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
