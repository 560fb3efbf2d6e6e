import Glibc

/// The directory of this process's files, in memory where there is one.
struct FuzzDirectory: Sendable {
    static let shared = FuzzDirectory()
    private let directory: String

    private init() {
        let base = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        directory = "\(base)/horizond-fuzz-\(getpid())"
        unsafe mkdir(directory, 0o700)
        atexit { FuzzDirectory.shared.remove() }
    }

    private func remove() {
        for name in ["horizond.yaml", "zone.yaml", "resolv.conf", "source", "source.toml"] {
            unsafe unlink(path(name))
        }
        unsafe rmdir(directory)
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func write(_ octets: [UInt8], to name: String) {
        let file = unsafe open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(file >= 0)
        let count = unsafe octets.withUnsafeBytes {
            unsafe Glibc.write(file, $0.baseAddress, $0.count)
        }
        precondition(count == octets.count)
        close(file)
    }
}
