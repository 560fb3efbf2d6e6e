import CSockets
import Glibc

/// The system calls of Unix stream sockets at a path.
///
/// Unsafe because they take pointers: each is to a local variable or to an array's storage, lives for
/// the one call, and comes with its true length.
enum UnixSocket {
    /// A call that failed.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let number: Int32

        init(_ number: Int32) { self.number = number }
        /// Of the call that failed last in this thread.
        init() { number = errno }

        var description: String { unsafe String(cString: strerror(number)) }
    }

    /// The outcome of a read or write.
    enum Transfer {
        /// So many octets; 0 read is the end.
        case done(Int)
        case wouldBlock
        case failed(Failure)
    }

    /// What is at a path.
    struct File: Equatable {
        let device: UInt
        let number: UInt
        let isSocket: Bool
        let group: UInt32

        init(_ status: stat) {
            device = UInt(status.st_dev)
            number = UInt(status.st_ino)
            isSocket = status.st_mode & S_IFMT == S_IFSOCK
            group = status.st_gid
        }
    }

    /// The socket's user and group may connect, others not: connecting needs the right to write
    /// (unix(7)).
    private static let rights: mode_t = 0o660
    private static let backlog: Int32 = 16

    /// A nonblocking listener at `path`, where nothing must be.
    static func listen(at path: String) throws(Failure) -> Int32 {
        let descriptor = try open()
        do throws(Failure) {
            // The file begins with the socket's rights less the umask, so never with more.
            guard fchmod(descriptor, rights) == 0 else { throw Failure() }
            let result = unsafe try withAddress(path) { unsafe bind(descriptor, $0, $1) }
            guard result == 0 else { throw Failure() }
            // Who may write to the directory could have put a link in its place, which is not followed.
            guard unsafe fchmodat(AT_FDCWD, path, rights, AT_SYMLINK_NOFOLLOW) == 0,
                Glibc.listen(descriptor, backlog) == 0
            else {
                let failure = Failure()
                remove(path)
                throw failure
            }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Makes a descriptor that was opened elsewhere a nonblocking listener; false when it is none.
    static func adopt(_ descriptor: Int32) -> Bool {
        guard hs_is_unix_listener(descriptor) else { return false }
        let flags = fcntl(descriptor, F_GETFL)
        return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0
    }

    /// A connection to who listens at `path`.
    static func connect(to path: String) throws(Failure) -> Int32 {
        let descriptor = try open()
        do throws(Failure) {
            let result = unsafe try withAddress(path) { unsafe Glibc.connect(descriptor, $0, $1) }
            // A full backlog is a living server, too.
            guard result == 0 else { throw Failure() }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// The descriptor of the next connection, nonblocking.
    static func accept(_ listener: Int32) -> Transfer {
        outcome(Int(hs_accept(listener, nil, nil)))
    }

    /// The number of the user at the other end; nil when the kernel does not say.
    static func peerUser(_ descriptor: Int32) -> UInt32? {
        UInt32(exactly: hs_peer_user(descriptor))
    }

    /// Reads what is there, up to the buffer's length.
    static func read(_ descriptor: Int32, into buffer: inout [UInt8]) -> Transfer {
        outcome(
            unsafe buffer.withUnsafeMutableBytes {
                unsafe hs_receive(descriptor, $0.baseAddress, $0.count)
            })
    }

    /// Writes what fits of `octets` from `start` on.
    static func write(_ descriptor: Int32, _ octets: [UInt8], from start: Int) -> Transfer {
        outcome(
            unsafe octets[start...].withUnsafeBytes {
                unsafe hs_send(descriptor, $0.baseAddress, $0.count)
            })
    }

    /// Waits until the socket can be read or, for `toWrite`, written; false when that takes longer than
    /// `seconds`.
    static func wait(_ descriptor: Int32, toWrite: Bool = false, seconds: Int? = nil) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
        return unsafe poll(&entry, 1, seconds.map { Int32($0) * 1000 } ?? -1) != 0
    }

    /// Whether the other end is closed altogether, and not for its writing alone.
    static func hasHungUp(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    /// What is at `path`, not followed if it is a link; nil when nothing is, or it may not be seen.
    static func file(at path: String) -> File? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return File(status)
    }

    /// Removes the socket that a dead server left at `path`; says what else is in the way.
    static func clear(_ path: String) -> String? {
        guard let file = file(at: path) else { return nil }
        guard file.isSocket else { return "a file is there that is no socket" }
        do throws(Failure) {
            close(try connect(to: path))
            return "another server listens there"
        } catch {
            guard error.number == ECONNREFUSED else { return "\(error)" }
            remove(path)
            return nil
        }
    }

    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// The name of a group; nil when it has none.
    static func groupName(_ number: UInt32) -> String? {
        // Only a command asks, which has one thread.
        guard let entry = unsafe getgrgid(number) else { return nil }
        return unsafe String(cString: entry.pointee.gr_name)
    }

    private static func open() throws(Failure) -> Int32 {
        let descriptor = hs_unix_socket()
        guard descriptor >= 0 else { throw Failure() }
        return descriptor
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Failure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        guard octets.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(ENAMETOOLONG)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func outcome(_ count: Int) -> Transfer {
        guard count < 0 else { return .done(count) }
        return errno == EAGAIN || errno == EINTR ? .wouldBlock : .failed(Failure())
    }
}
