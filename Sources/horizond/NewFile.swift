import Glibc

/// A file that must not be there yet, and is there whole or not at all afterwards. It is not forced to the disk, so that a hundred thousand of them
/// are written in seconds: after a power failure they are made once more.
///
/// Unsafe because system calls take pointers; each is valid for the call.
enum NewFile {
    /// A system call that failed.
    struct Failure: Error, CustomStringConvertible {
        let number: Int32

        /// Of the call that failed last in this thread.
        init() { number = errno }

        var description: String { unsafe String(cString: strerror(number)) }
    }

    static func write(_ text: String, to path: String) throws(Failure) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Failure() }
        var octets = Array(text.utf8)[...]
        while !octets.isEmpty {
            let count = unsafe octets.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = Failure()
                close(descriptor)
                _ = unsafe unlink(path)
                throw failure
            }
            octets = octets.dropFirst(count)
        }
        guard close(descriptor) == 0 else {
            let failure = Failure()
            _ = unsafe unlink(path)
            throw failure
        }
    }
}
