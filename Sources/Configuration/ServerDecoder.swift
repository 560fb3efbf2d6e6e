package import DNS
import Foundation
import Nameserver

/// How COOKIE options are answered (RFC 7873).
package enum CookieSetting: Equatable, Sendable {
    case off
    /// With secrets that only the running process knows, a new one each day.
    case ownSecrets
    /// With secrets that other servers have too; the first one makes cookies.
    case shared([SipHash.Key])
}

/// Reads what the server says about itself: `identity` and `cookies`.
struct ServerDecoder {
    /// The one in use, one before and one after it (RFC 9018 §5).
    static let maximumSecrets = 3

    private let file: ConfigurationFile

    init(_ file: ConfigurationFile) { self.file = file }

    // MARK: identity

    /// A mapping of `version`, `id` and `nsid`.
    func identity(_ node: YAMLNode, into server: inout ServerDescription) {
        let keys = ["version", "id", "nsid"]
        guard
            let keyed = KeyedNode(
                node, keys: keys, expected: "a mapping of \(Spelling.list(keys))", in: file)
        else { return }
        let limit = ServerDescription.maximumTextLength
        server.version = keyed["version"].flatMap { text($0, limit: limit) }
        server.id = keyed["id"].flatMap { text($0, limit: limit) }
        server.nsid = keyed["nsid"].flatMap { nsid($0) } ?? []
    }

    private func text(_ node: YAMLNode, limit: Int) -> String? {
        let expected = "a text of 1 to \(limit) octets"
        guard let scalar = file.scalar(node, expected: expected) else { return nil }
        guard (1...limit).contains(scalar.text.utf8.count) else {
            file.error(
                scalar.mark, "a text of \(scalar.text.utf8.count) octets", expected: expected)
            return nil
        }
        return scalar.text
    }

    /// A text, or octets as `0x` and hexadecimal digits.
    private func nsid(_ node: YAMLNode) -> [UInt8]? {
        let limit = ServerDescription.maximumNSIDLength
        guard let text = node.scalar?.text, text.hasPrefix("0x") else {
            return self.text(node, limit: limit).map { Array($0.utf8) }
        }
        guard let octets = octets(hexadecimal: text.dropFirst(2)),
            (1...limit).contains(octets.count)
        else {
            file.error(
                node.mark, "bad nsid \(text.quoted)",
                expected: "a text, or 0x and 1 to \(limit) octets as hexadecimal digits")
            return nil
        }
        return octets
    }

    // MARK: cookies

    /// `true`, `false`, or a mapping of either `secrets` or `file`.
    func cookies(_ node: YAMLNode) -> CookieSetting? {
        let keys = ["secrets", "file"]
        guard case .mapping = node else {
            guard let scalar = node.scalar, scalar.isPlain, ["true", "false"].contains(scalar.text)
            else {
                file.wrongKind(node, expected: "true, false, or {secrets: [...]}")
                return nil
            }
            return scalar.text == "true" ? .ownSecrets : .off
        }
        guard
            let keyed = KeyedNode(
                node, keys: keys, expected: "a mapping of secrets or file", in: file)
        else { return nil }
        switch (keyed["secrets"], keyed["file"]) {
        case (let secrets?, nil): return self.secrets(secrets)
        case (nil, let path?): return secrets(of: path)
        default:
            if !keyed.hasUnknownKeys {
                file.error(
                    keyed.mark, "no secrets, or two places of them", expected: "secrets or file")
            }
            return nil
        }
    }

    private func secrets(_ node: YAMLNode) -> CookieSetting? {
        guard let items = file.items(node, expected: "a list of secrets") else { return nil }
        let keys = items.compactMap { item -> SipHash.Key? in
            guard let scalar = item.scalar, let key = key(scalar.text) else {
                // Not what was found: it may be most of a secret, and logs are read by many.
                file.error(item.mark, "bad secret", expected: Self.expectedSecret)
                return nil
            }
            return key
        }
        guard keys.count == items.count else { return nil }
        return setting(keys, node.mark, in: file)
    }

    /// The secrets of a file, one a line; empty lines and those that begin with # are passed over.
    private func secrets(of node: YAMLNode) -> CookieSetting? {
        guard let path = file.scalar(node, expected: "a file's path") else { return nil }
        let other = file.other(file.resolve(path.text))
        guard let content = try? String(contentsOfFile: other.path, encoding: .utf8) else {
            file.error(
                path.mark, "cannot read \(other.path.quotedPath)",
                expected: "a file with a secret on each line")
            return nil
        }
        var keys: [SipHash.Key] = []
        for (index, line) in content.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let text = line.trimmingCharacters(in: .whitespaces)
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            guard let key = key(text) else {
                other.error(
                    YAMLMark(line: index + 1, column: 1), "bad secret",
                    expected: Self.expectedSecret)
                return nil
            }
            keys.append(key)
        }
        return setting(keys, nil, in: other)
    }

    private func setting(
        _ keys: [SipHash.Key], _ mark: YAMLMark?, in file: ConfigurationFile
    ) -> CookieSetting? {
        guard (1...Self.maximumSecrets).contains(keys.count) else {
            file.error(
                mark, "\(keys.count) secrets",
                expected: "1 to \(Self.maximumSecrets): the one in use first, others are accepted")
            return nil
        }
        guard Set(keys).count == keys.count else {
            file.error(mark, "a secret is there twice", expected: "different secrets")
            return nil
        }
        return .shared(keys)
    }

    private static let expectedSecret = "32 hexadecimal digits, as of: openssl rand -hex 16"

    private func key(_ text: String) -> SipHash.Key? {
        octets(hexadecimal: text[...]).flatMap { SipHash.Key($0) }
    }

    private func octets(hexadecimal text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        let values = digits.compactMap { $0 }
        return stride(from: 0, to: values.count, by: 2).map {
            UInt8(values[$0] << 4 | values[$0 + 1])
        }
    }
}
