/// How a message is carried (RFC 1035 §4.2, RFC 7766).
public enum ClientTransport: String, Sendable {
    case udp, tcp
}
