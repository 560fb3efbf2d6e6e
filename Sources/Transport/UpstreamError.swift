internal import Glibc

/// Why an exchange with an upstream has ended without a reply.
package enum UpstreamError: Error, Equatable, Sendable {
    /// Nothing listens there: an ICMP port unreachable, or TCP's RST to a connection attempt.
    case refused
    /// The TCP connection was reset.
    case reset
    /// The upstream closed the TCP connection before it replied.
    case closed
    /// No route, or the network or host is down; also a connection attempt without answer.
    case unreachable
    /// This worker's bound on exchanges, descriptors or queued octets is reached.
    case exhausted
    /// The upstream has not proved to be who it must be.
    case certificate(CertificateProblem)
    /// No TLS connection came to be, or it broke; why, in OpenSSL's words.
    case tls(String)
    /// Any other errno.
    case system(errno: Int32)

    init(errno: Int32) {
        switch errno {
        case ECONNREFUSED: self = .refused
        case ECONNRESET, EPIPE, ECONNABORTED: self = .reset
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ETIMEDOUT, EADDRNOTAVAIL:
            self = .unreachable
        case EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN: self = .exhausted
        default: self = .system(errno: errno)
        }
    }

    /// Whether it is about the way to the upstream, and may have been left by an earlier query of the
    /// socket. Others are of the message, or passing.
    var isOfSocket: Bool { self == .refused || self == .unreachable }
}

extension UpstreamError: CustomStringConvertible {
    /// What went wrong, for the operator; to stand after the upstream's address.
    package var description: String {
        switch self {
        case .refused: "connection refused"
        case .reset: "connection reset"
        case .closed: "connection closed without an answer"
        case .unreachable: "unreachable"
        case .exhausted: "too many queries are in flight"
        case .certificate(let problem): "\(problem)"
        case .tls(let reason): "TLS failed: \(reason)"
        case .system(let errno): Syscalls.describe(errno)
        }
    }
}

/// What is wrong with a server's certificate.
package enum CertificateProblem: Equatable, Sendable {
    /// It is for these names and addresses, and for no other; empty for none.
    case isFor(String)
    case expired
    case notYetValid
    /// No authority that is trusted here has signed it; OpenSSL's words.
    case untrusted(String)
    /// Anything else, in OpenSSL's words.
    case other(String)
}

extension CertificateProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .isFor(""): "certificate is for nobody"
        case .isFor(let names): "certificate is for \(names)"
        case .expired: "certificate expired"
        case .notYetValid: "certificate is not yet valid; is this host's clock right?"
        case .untrusted(let reason): "certificate is not from a trusted authority: \(reason)"
        case .other(let reason): "certificate is not accepted: \(reason)"
        }
    }
}
