import Glibc

/// Opens files that are what they seem: regular ones of a sensible size. A pipe would make the start
/// hang.
///
/// Unsafe because these are C's calls: each gets a text or buffer that lives until it returns, with
/// its true length, and keeps no pointer to it.
package enum RegularFile {
    private static let chunkSize = 4_096

    /// A descriptor for reading, which the caller closes. Throws without a mark.
    static func open(_ path: String, maximumSize: Int) throws(YAMLError) -> Int32 {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError() }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            defer { close(descriptor) }
            throw systemError()
        }
        let kind = status.st_mode & S_IFMT
        let size = Int(status.st_size)
        var problem: String?
        if kind == S_IFDIR { problem = "Is a directory" }
        if problem == nil, kind != S_IFREG { problem = "it is not a regular file" }
        if problem == nil, size > maximumSize {
            problem = "it has \(size) octets, more than \(maximumSize)"
        }
        if let problem {
            close(descriptor)
            throw YAMLError(nil, problem)
        }
        return descriptor
    }

    /// What is in a file; of one that grows meanwhile not much more than `maximumSize`.
    package static func contents(
        _ path: String, maximumSize: Int
    ) throws(YAMLError) -> [UInt8] {
        let descriptor = try open(path, maximumSize: maximumSize)
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: chunkSize)
        while octets.count < maximumSize {
            let count = unsafe read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw systemError() }
            guard count > 0 else { break }
            octets += chunk[..<count]
        }
        return octets
    }

    /// How many octets a file has; nil where that is not to be had.
    package static func size(_ path: String) -> Int? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// Whether there is surely nothing at `path`.
    static func isAbsent(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) != 0 && errno == ENOENT
    }

    /// Whether there is a directory at `path`; nil where that is not ours to see.
    static func isDirectory(_ path: String) -> Bool? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return errno == ENOENT || errno == ENOTDIR ? false : nil
        }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// What the last call that failed says. Rights are those of the service's user, while it is mostly root
    /// who looks for the reason.
    static func systemError() -> YAMLError {
        let number = errno
        // By its number: its name would be asked of the host's services, while the server serves.
        let user = number == EACCES ? " (as user ID \(geteuid()))" : ""
        return YAMLError(nil, unsafe String(cString: strerror(number)) + user)
    }
}
