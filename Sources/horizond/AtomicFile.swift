import Glibc

/// A file that only its owner can read and that is there whole or not at all: it is written beside its
/// path, and takes that name when it is complete.
///
/// It is not forced to the disk before. After a power failure the file may be damaged, which whoever
/// reads it has to notice.
///
/// Unsafe because system calls take pointers; each is valid for the call.
struct AtomicFile: ~Copyable {
    /// A system call that failed.
    struct Failure: Error, CustomStringConvertible {
        let number: Int32

        /// Of the call that failed last in this thread.
        init() { number = errno }

        var description: String { unsafe String(cString: strerror(number)) }
    }

    private let path: String
    private let temporaryPath: String
    /// Negative once it is closed.
    private var descriptor: Int32
    private var isInPlace = false

    /// Where the file is while it is written; what was there before is removed.
    static func temporaryPath(of path: String) -> String { path + ".new" }

    init(path: String) throws(Failure) {
        self.path = path
        temporaryPath = Self.temporaryPath(of: path)
        // What a process left that was killed while it wrote.
        _ = unsafe unlink(temporaryPath)
        descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure() }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isInPlace { _ = unsafe unlink(temporaryPath) }
    }

    func write(_ octets: Span<UInt8>) throws(Failure) {
        var written = 0
        while written < octets.count {
            let count = unsafe octets.withUnsafeBytes { bytes in
                unsafe Glibc.write(
                    descriptor, bytes.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure() }
            written += count
        }
    }

    /// Gives the file its name, in the place of an earlier one.
    mutating func putInPlace() throws(Failure) {
        // Some file systems say only here that there was no room.
        let isWritten = close(descriptor) == 0
        descriptor = -1
        guard isWritten else { throw Failure() }
        guard unsafe rename(temporaryPath, path) == 0 else { throw Failure() }
        isInPlace = true
    }
}
