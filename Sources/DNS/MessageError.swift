/// What makes octets from the network not a DNS message, and where (octet offset in the message).
public enum MessageError: Error, Equatable, Sendable {
    /// The message ends before the field that starts at `at` is complete.
    case truncated(at: Int)
    /// A label starts with the reserved bits 01 or 10 (RFC 1035 §4.1.4, RFC 6891 §5).
    case reservedLabelType(at: Int)
    /// A compression pointer does not point to an earlier place in the message.
    case forwardPointer(at: Int)
    /// The uncompressed name is longer than 255 octets (RFC 1035 §2.3.4).
    case nameTooLong(at: Int)
    /// RDATA whose length does not fit the fields of its type.
    case malformedRData(at: Int)
}
