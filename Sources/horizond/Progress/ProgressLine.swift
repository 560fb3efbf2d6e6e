import Configuration
import Dispatch
import Foundation

/// A line of the terminal that tells how far work has come, written over and over by a thread of its
/// own, and gone at the end. Nothing is written where nobody looks: to a pipe, a file, the journal.
final class ProgressLine: Sendable {
    /// Shorter work is over before anybody wonders.
    private static let patience = DispatchTimeInterval.milliseconds(500)
    private static let interval = DispatchTimeInterval.milliseconds(100)
    /// To the line's start, and away with it and what of it a narrower window has put below. The
    /// cursor always stays at that start, so that it is the start too when the window has changed.
    private static let erase = "\r\u{1b}[J"

    private let progress: WorkProgress
    private let start = ContinuousClock.now
    private let isOver = DispatchSemaphore(value: 0)
    private let isErased = DispatchSemaphore(value: 0)

    private init(_ progress: WorkProgress) { self.progress = progress }

    /// Does `work`, which tells the progress how far it is; that is nil where nothing is shown.
    static func during<Result, Failure: Error>(
        _ title: String, _ work: (WorkProgress?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard Terminal.rewritesLines else { return try work(nil) }
        let line = ProgressLine(WorkProgress(title))
        let thread = Thread { line.show() }
        thread.name = "progress"
        thread.start()
        // What is said next begins where the line was.
        defer {
            line.isOver.signal()
            line.isErased.wait()
        }
        return try work(line.progress)
    }

    private func show() {
        var shown = (text: "", width: 0)
        var wait = Self.patience
        while isOver.wait(timeout: .now() + wait) == .timedOut {
            wait = Self.interval
            let width = Terminal.width
            let seconds = Int((ContinuousClock.now - start) / .seconds(1))
            // A line that fills the last column may wrap.
            let text = ProgressText(state: progress.state, seconds: seconds).line(width: width - 1)
            guard shown != (text, width) else { continue }
            Self.write(Self.erase + text + "\r")
            shown = (text, width)
        }
        if shown.width > 0 { Self.write(Self.erase) }
        isErased.signal()
    }

    private static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
