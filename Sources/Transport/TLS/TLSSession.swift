internal import CTLS
internal import DNS

/// One connection's TLS as a client: octets of the wire in and out, and the messages' octets between.
/// Knows no socket, so OpenSSL makes no system call here. Confined to the worker's queue.
///
/// The `unsafe` expressions are sound because the `SSL` and its two memory BIOs, which it owns, are
/// valid from `init` to `deinit`; what else they point to lives for the call it is passed to and
/// comes with its true length. The pointer to this object that the `SSL` holds is used within
/// `handshake` and `read` alone, while the object is alive.
@safe final class TLSSession {
    private let ssl: OpaquePointer
    /// What came from the wire and what is to go there.
    private let (incoming, outgoing): (OpaquePointer, OpaquePointer)
    private let endpoint: UpstreamEndpoint
    private let tickets: TLSTickets
    /// Whether the first handshake is done, so that the server is who it must be.
    private(set) var isEstablished = false

    /// The longest list of a certificate's names in a message.
    private static let nameCapacity = 200

    /// Begins as the client of whom `endpoint` names; `endpoint.security` is not nil.
    init(
        _ context: TLSContext, _ endpoint: UpstreamEndpoint, _ identity: UpstreamEndpoint.Identity,
        _ tickets: TLSTickets
    ) throws(UpstreamError) {
        guard let ssl = unsafe SSL_new(context.pointer) else { throw .tls(TLSReason.take()) }
        guard let incoming = unsafe BIO_new(BIO_s_mem()),
            let outgoing = unsafe BIO_new(BIO_s_mem())
        else {
            unsafe SSL_free(ssl)
            throw .exhausted
        }
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe self.ssl = ssl
        unsafe (self.incoming, self.outgoing) = unsafe (incoming, outgoing)
        self.endpoint = endpoint
        self.tickets = tickets
        unsafe SSL_set_connect_state(ssl)
        unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        guard expect(identity) else { throw .tls(TLSReason.take()) }
        if let ticket = tickets.take(for: endpoint) {
            // OpenSSL passes over one that is too old.
            unsafe SSL_set_session(ssl, ticket.session)
        }
    }

    deinit { unsafe SSL_free(ssl) }

    /// Tells OpenSSL whom the certificate must be for. Names go as SNI too, addresses must not
    /// (RFC 6066 §3).
    private func expect(_ identity: UpstreamEndpoint.Identity) -> Bool {
        let parameters = unsafe SSL_get0_param(ssl)
        switch identity {
        case .domainName(let name):
            unsafe X509_VERIFY_PARAM_set_hostflags(parameters, ht_host_flags)
            return unsafe X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1
                && ht_set_server_name(ssl, name) == 1
        case .address:
            return unsafe X509_VERIFY_PARAM_set1_ip_asc(
                parameters, endpoint.address.ip.description) == 1
        }
    }

    /// Whether this connection goes on with an earlier one's session.
    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// Whether messages may be written: not within a handshake, nor while a message of TLS's own
    /// (a ticket, a new key) has come in part.
    var mayWrite: Bool { unsafe isEstablished && SSL_is_init_finished(ssl) == 1 }

    // MARK: The wire

    /// Takes in what came from the wire.
    func feed(_ octets: Span<UInt8>) {
        // A memory BIO takes everything, or there is no memory at all.
        unsafe octets.withUnsafeBytes { octets in
            _ = unsafe BIO_write(incoming, octets.baseAddress, Int32(octets.count))
        }
    }

    /// The octets that wait to go to the wire.
    func takeOutput() -> [UInt8] {
        let count = unsafe BIO_ctrl_pending(outgoing)
        guard count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let read = unsafe BIO_read(outgoing, buffer.baseAddress, Int32(buffer.count))
            initialized = max(0, Int(read))
        }
    }

    // MARK: Messages

    /// Goes on with the handshake as far as the octets that came allow.
    func handshake() throws(UpstreamError) {
        guard !isEstablished else { return }
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        guard result != 1 else {
            isEstablished = true
            return
        }
        guard waits(result) else { throw failure() }
    }

    /// Reads octets of messages into `octets` from `offset` on, up to `limit`; 0 at the end that the
    /// server has announced, nil when what came holds no more of them.
    func read(
        into octets: inout [UInt8], at offset: Int, limit: Int
    ) throws(UpstreamError) -> Int? {
        precondition(offset >= 0 && limit > 0 && limit <= octets.count - offset)
        ERR_clear_error()
        let result = unsafe octets.withUnsafeMutableBytes { octets in
            unsafe SSL_read(ssl, octets.baseAddress.map { unsafe $0 + offset }, Int32(limit))
        }
        if result > 0 { return Int(result) }
        if unsafe SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN { return 0 }
        guard waits(result) else { throw failure() }
        return nil
    }

    /// Encrypts octets of messages, and tells how many: none while `mayWrite` is false.
    func write(_ octets: Span<UInt8>) throws(UpstreamError) -> Int {
        guard mayWrite, octets.count > 0 else { return 0 }
        ERR_clear_error()
        let result = unsafe octets.withUnsafeBytes { octets in
            unsafe SSL_write(ssl, octets.baseAddress, Int32(octets.count))
        }
        if result > 0 { return Int(result) }
        guard waits(result) else { throw failure() }
        return 0
    }

    /// Announces the end (close_notify).
    func shutDown() {
        guard isEstablished else { return }
        ERR_clear_error()
        unsafe SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// Whether a call that did not succeed only needs the wire to go on.
    private func waits(_ result: Int32) -> Bool {
        let error = unsafe SSL_get_error(ssl, result)
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
    }

    // MARK: Failures and tickets

    private func failure() -> UpstreamError {
        let reason = TLSReason.take()
        let verdict = unsafe SSL_get_verify_result(ssl)
        guard !isEstablished, verdict != X509_V_OK else { return .tls(reason) }
        // A static text of OpenSSL's for any number.
        let text = unsafe String(cString: X509_verify_cert_error_string(verdict))
        switch Int32(truncatingIfNeeded: verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return .certificate(.isFor(certificateNames))
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return .certificate(.expired)
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return .certificate(.notYetValid)
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return .certificate(.untrusted(text))
        default:
            return .certificate(.other(text))
        }
    }

    private var certificateNames: String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.nameCapacity) { text in
            guard let start = text.baseAddress else { return "" }
            unsafe ht_certificate_names(ssl, start, text.count)
            return unsafe String(cString: start)
        }
    }

    /// OpenSSL's word of a session that can be resumed. 1 takes over its reference, 0 leaves it.
    static func isGiven(_ session: OpaquePointer?, on ssl: OpaquePointer?) -> Int32 {
        guard let session = unsafe session, let object = unsafe SSL_get_ex_data(ssl, 0) else {
            return 0
        }
        let owner = unsafe Unmanaged<TLSSession>.fromOpaque(object).takeUnretainedValue()
        owner.tickets.add(unsafe TLSTicket(session), for: owner.endpoint)
        return 1
    }
}
