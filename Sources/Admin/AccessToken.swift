import Foundation

/// The token, and whether a client knows it.
struct AccessToken: Sendable {
    private let octets: [UInt8]

    init(_ text: String) { octets = Array(text.utf8) }

    /// Whether a field `Authorization` has it as RFC 6750 says.
    func isBearer(_ field: String?) -> Bool {
        Self.credentials(field, scheme: "bearer").map { isEqual(to: Array($0.utf8)) } ?? false
    }

    /// Whether it is the password there, of whichever user (RFC 7617).
    func isPassword(_ field: String?) -> Bool {
        guard let text = Self.credentials(field, scheme: "basic"),
            let decoded = Data(base64Encoded: String(text)),
            let colon = decoded.firstIndex(of: 0x3a)
        else { return false }
        return isEqual(to: Array(decoded[(colon + 1)...]))
    }

    /// Takes as long for a wrong text as for the right one, wherever they differ.
    private func isEqual(to other: [UInt8]) -> Bool {
        var difference = octets.count ^ other.count
        for index in octets.indices {
            let octet = index < other.count ? other[index] : 0
            difference |= Int(octets[index] ^ octet)
        }
        return difference == 0
    }

    private static func credentials(_ field: String?, scheme: String) -> Substring? {
        guard let field, let space = field.firstIndex(of: " "),
            field[..<space].lowercased() == scheme
        else { return nil }
        return field[space...].drop { $0 == " " }
    }
}
