import CTLS
import DNS
import Foundation
import Testing

@testable import Transport

/// Certificates that Tests/Fixtures/certificates/make has made for this test run.
enum Certificates {
    private static let directory: String = {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("horizond-certificates-\(UUID().uuidString.prefix(8))")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/certificates/make")
        let process = Process()
        process.executableURL = script
        process.arguments = [directory.path]
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            try process.run()
        } catch {
            Issue.record(error)
        }
        process.waitUntilExit()
        atexit { try? FileManager.default.removeItem(atPath: Certificates.directory) }
        return directory.path
    }()

    static func path(_ name: String) -> String { directory + "/" + name }

    static func pem(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: path(name + ".pem"))))
    }

    /// What a client trusts that knows the tests' authority.
    static func context() throws -> TLSContext { try TLSContext(authorities: pem("ca")) }
}

/// A TCP socket on a loopback port whose connections are to become TLS ones.
///
/// The `unsafe` expressions, here and in `TLSPeer`, are sound because each pointer of OpenSSL's is
/// valid from `init` to `deinit`, and buffers come with their length.
@safe final class TLSServer {
    let listener: LoopbackPeer
    fileprivate let context: OpaquePointer

    /// With the certificate of that name, and with no version of TLS above `latest`.
    init(
        _ certificate: String = "good", latest: Int32 = TLS1_3_VERSION,
        wantsCertificate: Bool = false
    ) throws {
        listener = try LoopbackPeer(.tcp, bound: endpoint("127.0.0.1"), backlog: 256)
        unsafe context = try #require(unsafe SSL_CTX_new(TLS_server_method()))
        let file = Certificates.path(certificate)
        try #require(unsafe SSL_CTX_use_certificate_chain_file(context, file + ".pem") == 1)
        try #require(
            unsafe SSL_CTX_use_PrivateKey_file(context, file + ".key", SSL_FILETYPE_PEM) == 1)
        if wantsCertificate {
            unsafe SSL_CTX_set_verify(
                context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(latest), nil)
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// What a client connects to; with a name, the certificate must be for that.
    func upstream(_ name: String? = "dns.example") throws -> UpstreamEndpoint {
        UpstreamEndpoint(
            try listener.local, security: name.map { .domainName($0) } ?? .address)
    }

    /// The next connection, before its handshake.
    func accept() throws -> TLSPeer { try TLSPeer(listener.accept(), self) }

    /// The next connection, after its handshake.
    func acceptSecure() throws -> TLSPeer {
        let peer = try accept()
        try peer.shakeHands()
        return peer
    }
}

/// The server's side of a TLS connection. Waits at most five seconds at a time.
@safe final class TLSPeer {
    let peer: LoopbackPeer
    private let ssl: OpaquePointer
    private let (incoming, outgoing): (OpaquePointer, OpaquePointer)
    private var stream: [UInt8] = []

    fileprivate init(_ peer: LoopbackPeer, _ server: TLSServer) throws {
        self.peer = peer
        unsafe ssl = try #require(unsafe SSL_new(server.context))
        unsafe incoming = try #require(unsafe BIO_new(BIO_s_mem()))
        unsafe outgoing = try #require(unsafe BIO_new(BIO_s_mem()))
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_accept_state(ssl)
    }

    deinit { unsafe SSL_free(ssl) }

    /// The handshake came to no good end, or not in time.
    enum Refusal: Error { case handshake }

    /// Whether the client went on with an earlier session.
    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// The name that the client asked for (SNI).
    var serverName: String? {
        unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map {
            unsafe String(cString: $0)
        }
    }

    func shakeHands() throws {
        while true {
            ERR_clear_error()
            let result = unsafe SSL_do_handshake(ssl)
            let error = unsafe SSL_get_error(ssl, result)
            try peer.sendAll(output())
            if result == 1 { return }
            guard error == SSL_ERROR_WANT_READ, take() else { throw Refusal.handshake }
        }
    }

    /// The next message; nil at the end or when none comes in time.
    func receiveMessage() -> [UInt8]? {
        while true {
            if stream.count >= 2 {
                let end = 2 + Int(stream[0]) << 8 + Int(stream[1])
                if stream.count >= end {
                    defer { stream.removeFirst(end) }
                    return Array(stream[2..<end])
                }
            }
            var octets = [UInt8](repeating: 0, count: 16_384)
            ERR_clear_error()
            let count = unsafe SSL_read(ssl, &octets, Int32(octets.count))
            if count > 0 { stream += octets[..<Int(count)] } else if !take() { return nil }
        }
    }

    /// These octets as records, to be sent by `peer`.
    func encrypt(_ octets: [UInt8]) throws -> [UInt8] {
        try #require(unsafe SSL_write(ssl, octets, Int32(octets.count)) == octets.count)
        return output()
    }

    /// A request to the client for new keys in both directions (RFC 8446 §4.6.3).
    func keyUpdate() throws -> [UInt8] {
        try #require(unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1)
        try #require(unsafe SSL_do_handshake(ssl) == 1)
        return output()
    }

    func send(_ octets: [UInt8]) throws { try peer.sendAll(encrypt(octets)) }

    /// Whether the client has announced its end, or said why it leaves (an alert).
    var sawEnd: Bool { unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// Takes in what comes next; false at the end or when nothing comes in time.
    private func take() -> Bool {
        guard let octets = peer.receive(), !octets.isEmpty else { return false }
        return unsafe BIO_write(incoming, octets, Int32(octets.count)) == octets.count
    }

    private func output() -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(outgoing))
        guard !octets.isEmpty else { return [] }
        _ = unsafe BIO_read(outgoing, &octets, Int32(octets.count))
        return octets
    }
}

extension LoopbackPeer {
    /// Sends octets as the other side takes them.
    func sendAll(_ octets: [UInt8]) throws {
        var rest = octets[...]
        while !rest.isEmpty {
            try #require(waits(for: POLLOUT))
            switch Syscalls.send(descriptor, Array(rest).span) {
            case .done(let count): rest = rest.dropFirst(count)
            case .wouldBlock: continue
            case .failed(let errno): throw UpstreamError(errno: errno)
            }
        }
    }
}
