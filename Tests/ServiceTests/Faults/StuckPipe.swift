import Foundation
import Glibc

/// A named pipe that is full, and that nobody reads unless the test does.
final class StuckPipe: Sendable {
    let path: String
    private let directory: TemporaryDirectory
    private let descriptor: Int32

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.file("pipe")
        guard unsafe mkfifo(path, 0o600) == 0 else { throw SocketError("mkfifo") }
        // Both ends: so nobody waits for the other.
        descriptor = unsafe open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw SocketError("open \(path)") }
    }

    deinit { close(descriptor) }

    /// Leaves no room for an octet more.
    func fill() {
        for length in [4096, 1] {
            let octets = [UInt8](repeating: UInt8(ascii: "."), count: length)
            while unsafe write(descriptor, octets, length) > 0 {}
        }
    }

    /// What is in it, which is taken out.
    func drain() -> String {
        var text: [UInt8] = []
        var octets = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(descriptor, &octets, octets.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += octets[..<count]
        }
    }
}
