import Configuration
import Glibc

/// A file of lines to which the program appends. At its largest size it is renamed to `PATH.1`, that to
/// `PATH.2` and so on, and another begins; no line is cut, and none is in two files. One that was
/// removed is made again.
///
/// Unsafe because system calls take pointers; each is valid for the call.
final class RotatingFile: SinkWriter {
    private static let newline = UInt8(ascii: "\n")
    /// The owner writes, the group reads: people's names are in it.
    private static let rights: mode_t = 0o640

    private let path: String
    private let rotation: QueryLogSettings.Rotation?
    private var descriptor: Int32 = -1

    init(path: String, rotation: QueryLogSettings.Rotation?) {
        self.path = path
        self.rotation = rotation
    }

    deinit { close() }

    func open() throws(SinkFailure) {
        close()
        // A pipe without a reader must not stop us.
        let flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        descriptor = unsafe Glibc.open(path, flags)
        if descriptor < 0, errno == ENOENT {
            descriptor = unsafe Glibc.open(path, flags | O_CREAT | O_EXCL, Self.rights)
            // Whatever the umask says.
            if descriptor >= 0 { _ = fchmod(descriptor, Self.rights) }
        }
        guard descriptor >= 0 else {
            throw errno == ENXIO ? Self.notOrdinary : Self.failure
        }
        guard try status().st_mode & S_IFMT == S_IFREG else {
            close()
            throw Self.notOrdinary
        }
    }

    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    func write(_ octets: [UInt8]) throws(SinkFailure) {
        var written = 0
        do throws(SinkFailure) {
            var status = try status()
            if status.st_nlink == 0 {
                try open()
                status = try self.status()
            }
            var size = Int(status.st_size)
            while written < octets.count {
                let end = end(of: octets, from: written, size: size)
                if end > written {
                    try append(octets[written..<end])
                    size += end - written
                    written = end
                } else {
                    try rotate()
                    size = 0
                }
            }
        } catch {
            throw SinkFailure(error.reason, written: written + error.written)
        }
    }

    /// The end of the last whole line that a file of `size` octets has room for; an empty one has room
    /// for a line of any length.
    private func end(of octets: [UInt8], from start: Int, size: Int) -> Int {
        guard let rotation, size > rotation.size - (octets.count - start) else {
            return octets.count
        }
        let room = start + max(0, rotation.size - size)
        if let last = octets[start..<min(room, octets.count)].lastIndex(of: Self.newline) {
            return last + 1
        }
        guard size == 0 else { return start }
        return (octets[start...].firstIndex(of: Self.newline) ?? octets.count - 1) + 1
    }

    /// Where the disk is full, what was written of a line is taken back.
    private func append(_ lines: ArraySlice<UInt8>) throws(SinkFailure) {
        var written = 0
        while written < lines.count {
            let count = unsafe lines.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = Self.failure
                let whole =
                    lines.prefix(written).lastIndex(of: Self.newline)
                    .map { $0 + 1 - lines.startIndex } ?? 0
                if let status = try? status(), whole < written {
                    _ = ftruncate(descriptor, status.st_size - (written - whole))
                }
                throw SinkFailure(failure.reason, written: whole)
            }
            written += count
        }
    }

    private func rotate() throws(SinkFailure) {
        guard let rotation else { return }
        // Those that an earlier configuration kept.
        var surplus = rotation.keep + 1
        while surplus <= QueryLogSettings.rotationCounts.upperBound,
            unsafe unlink("\(path).\(surplus)") == 0
        {
            surplus += 1
        }
        for number in stride(from: rotation.keep, through: 1, by: -1) {
            let older = number == 1 ? path : "\(path).\(number - 1)"
            guard unsafe rename(older, "\(path).\(number)") == 0 || errno == ENOENT else {
                throw Self.failure
            }
        }
        try open()
    }

    private func status() throws(SinkFailure) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure }
        return status
    }

    private static let notOrdinary = SinkFailure("it is no regular file")

    /// Of the call that failed last in this thread.
    private static var failure: SinkFailure { SinkFailure(unsafe String(cString: strerror(errno))) }
}
