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
    /// Three secrets with pages of comments; a larger file is surely not meant.
    private static let maximumFileSize = 64 << 10
    /// A text in a secret's place that a message may repeat is no longer.
    private static let longestWord = 8

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
        server.id = keyed["id"].flatMap { ownText($0, limit: limit) }
        server.nsid = keyed["nsid"].flatMap { nsid($0) } ?? []
    }

    /// A text, or the word `hostname` for the name of this host: so servers that have the same file
    /// are told apart.
    private func ownText(_ node: YAMLNode, limit: Int) -> String? {
        guard let scalar = node.scalar, scalar.isPlain, scalar.text == "hostname" else {
            return text(node, limit: limit)
        }
        return ProcessInfo.processInfo.hostName
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

    /// A text, the word `hostname`, or octets as `0x` and hexadecimal digits.
    private func nsid(_ node: YAMLNode) -> [UInt8]? {
        let limit = ServerDescription.maximumNSIDLength
        guard let text = node.scalar?.text, text.hasPrefix("0x") || text.hasPrefix("0X") else {
            return ownText(node, limit: limit).map { Array($0.utf8) }
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
                // Nothing that may be a secret is repeated: logs are read by many.
                let isWord = (node.scalar?.text.utf8.count ?? 0) <= Self.longestWord
                file.error(
                    node.mark, isWord ? "found \(node.kind)" : "found a text",
                    expected: "true, false, {secrets: [...]} or {file: PATH}")
                return nil
            }
            return scalar.text == "true" ? .ownSecrets : .off
        }
        guard case .mapping(let entries, _) = node,
            !entries.contains(where: { $0.key.text.utf8.count > Self.longestWord })
        else {
            file.error(node.mark, "an unknown key", expected: "exactly one of: secrets, file")
            return nil
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
                    keyed.mark,
                    keyed["file"] == nil ? "no cookie secrets" : "both secrets and file",
                    expected: "exactly one of: secrets, file")
            }
            return nil
        }
    }

    private typealias Secret = (key: SipHash.Key, mark: YAMLMark)

    private func secrets(_ node: YAMLNode) -> CookieSetting? {
        guard node.scalar == nil else {
            file.error(node.mark, "found a text", expected: "a list of secrets")
            return nil
        }
        guard let items = file.items(node, expected: "a list of secrets") else { return nil }
        let secrets = items.compactMap { secret($0.scalar?.text ?? "", at: $0.mark, in: file) }
        return secrets.count == items.count ? setting(secrets, node.mark, in: file) : nil
    }

    /// The secrets of a file, one a line; empty lines and those that begin with # are passed over.
    private func secrets(of node: YAMLNode) -> CookieSetting? {
        let expected = "a file with a secret on each line"
        guard let path = file.scalar(node, expected: expected) else { return nil }
        guard octets(hexadecimal: path.text[...])?.count != 16 else {
            file.error(path.mark, "a secret in the place of a path", expected: "{secrets: [...]}")
            return nil
        }
        guard let resolved = file.secretPath(path) else { return nil }
        let other = file.other(resolved)
        let content: [UInt8]
        do throws(YAMLError) {
            content = try RegularFile.contents(other.path, maximumSize: Self.maximumFileSize)
        } catch {
            file.error(
                path.mark, "cannot read \(other.path.quotedPath): \(error.problem)",
                expected: expected)
            return nil
        }
        var secrets: [Secret] = []
        let lines = content.split(separator: 0x0a, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let text = String(decoding: line, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            let mark = YAMLMark(line: index + 1, column: 1)
            guard let secret = secret(text, at: mark, in: other) else { return nil }
            secrets.append(secret)
        }
        return setting(secrets, YAMLMark(line: 1, column: 1), in: other)
    }

    /// Does not say what was found: it may be most of a secret, and logs are read by many.
    private func secret(
        _ text: String, at mark: YAMLMark, in file: ConfigurationFile
    ) -> Secret? {
        guard let key = octets(hexadecimal: text[...]).flatMap({ SipHash.Key($0) }) else {
            file.error(
                mark, "bad secret", expected: "32 hexadecimal digits, as of: openssl rand -hex 16")
            return nil
        }
        return (key, mark)
    }

    private func setting(
        _ secrets: [Secret], _ mark: YAMLMark, in file: ConfigurationFile
    ) -> CookieSetting? {
        guard (1...Self.maximumSecrets).contains(secrets.count) else {
            file.error(
                mark, "\(secrets.count) secrets",
                expected: "1 to \(Self.maximumSecrets): the one in use first, others are accepted")
            return nil
        }
        var keys: [SipHash.Key] = []
        for secret in secrets {
            guard !keys.contains(secret.key) else {
                file.error(secret.mark, "a secret is there twice", expected: "different secrets")
                return nil
            }
            keys.append(secret.key)
        }
        return .shared(keys)
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
