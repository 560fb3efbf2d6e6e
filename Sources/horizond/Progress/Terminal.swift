import Foundation
import Glibc

/// The terminal that the standard error stream may be.
///
/// Unsafe because the kernel writes the terminal's size into a variable of the function that asks.
enum Terminal {
    /// Whether a line that was written there can be written over. A dumb terminal cannot, nor can what
    /// does not say which one it is.
    static var rewritesLines: Bool {
        let kind = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return isatty(STDERR_FILENO) == 1 && !kind.isEmpty && kind != "dumb"
    }

    /// Where the size is not known: that of the oldest ones.
    private static let usualWidth = 80

    /// How many characters a line has now.
    static var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return usualWidth
        }
        return Int(size.ws_col)
    }
}
