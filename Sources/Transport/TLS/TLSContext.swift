internal import CTLS

/// What all TLS connections to upstreams have in common: protocol versions, and the authorities that
/// are trusted. Shared by all workers.
///
/// @unchecked Sendable: an `SSL_CTX` may be used by many threads once nobody changes it any more
/// (openssl-threads(7)), and nothing changes it after `init`.
///
/// The `unsafe` expressions are sound because the context is valid from `init` to `deinit`, and what
/// else they point to lives for the call it is passed to.
@safe package final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Trusts the system's authorities and those of `authorities`, certificates in PEM.
    package init(authorities: [UInt8]? = nil) throws(TLSContextError) {
        guard ht_initialize() == 1, let pointer = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw .system(TLSReason.take())
        }
        unsafe self.pointer = pointer
        guard unsafe ht_prepare_client(pointer) == 1,
            unsafe SSL_CTX_set_default_verify_paths(pointer) == 1
        else { throw .system(TLSReason.take()) }
        unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        // RFC 7858 §3.2 leaves ALPN out, and IANA has registered "dot" since: its length comes first.
        // It fails for lack of memory alone.
        let protocols: [UInt8] = [3] + "dot".utf8
        guard unsafe SSL_CTX_set_alpn_protos(pointer, protocols, 4) == 0 else {
            throw .system(TLSReason.take())
        }
        unsafe SSL_CTX_sess_set_new_cb(pointer) { ssl, session in
            unsafe TLSSession.isGiven(session, on: ssl)
        }
        if let authorities { try trust(authorities) }
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    private func trust(_ pem: [UInt8]) throws(TLSContextError) {
        // The BIO reads from the array's storage, which `withUnsafeBytes` keeps where it is.
        let failure: TLSContextError? = unsafe pem.withUnsafeBytes { octets in
            guard let bio = unsafe BIO_new_mem_buf(octets.baseAddress, Int32(octets.count)) else {
                return .system(TLSReason.take())
            }
            defer { unsafe BIO_free(bio) }
            return unsafe trustAll(of: bio)
        }
        if let failure { throw failure }
    }

    private func trustAll(of bio: OpaquePointer) -> TLSContextError? {
        let store = unsafe SSL_CTX_get_cert_store(pointer)
        var count = 0
        while true {
            ERR_clear_error()
            guard let certificate = unsafe ht_read_certificate(bio) else {
                guard ht_is_end_of_pem(ERR_peek_last_error()) == 1 else {
                    return .badCertificate(number: count + 1, TLSReason.take())
                }
                ERR_clear_error()
                return count > 0 ? nil : .noCertificate
            }
            // The store has its own reference. One that is there already is no error.
            defer { unsafe X509_free(certificate) }
            guard unsafe X509_STORE_add_cert(store, certificate) == 1 else {
                return .badCertificate(number: count + 1, TLSReason.take())
            }
            count += 1
        }
    }
}

/// Why certificate authorities cannot be trusted as they are given.
package enum TLSContextError: Error, Equatable, Sendable {
    /// There is no certificate in PEM among them.
    case noCertificate
    /// The certificate with this number, from 1 on, cannot be read; why, in OpenSSL's words.
    case badCertificate(number: Int, String)
    /// OpenSSL itself cannot be used; its words.
    case system(String)
}

extension TLSContextError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noCertificate: "no certificate"
        case .badCertificate(let number, let reason): "certificate \(number) is damaged: \(reason)"
        case .system(let reason): "OpenSSL cannot be used: \(reason)"
        }
    }
}

/// What OpenSSL says about an error.
enum TLSReason {
    /// The reason of this thread's last error, and forgets them all.
    static func take() -> String {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        if ht_is_no_tls(code) == 1 { return "no TLS is spoken there" }
        // A static text of OpenSSL's, which is copied at once; none for a system's error.
        guard let text = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}
