import DNS

/// Reads the setting `admin`.
struct AdminDecoder {
    private static let keys = ["listen", "token-file", "hosts", "coredns-names"]
    private static let addressForms =
        "an address such as 127.0.0.1:8053, \"[::1]:8053\" or unix:/run/horizond/admin.sock"
    private static let unixPrefix = "unix:"

    private let file: ConfigurationFile

    init(_ file: ConfigurationFile) { self.file = file }

    /// An address, `off`, or a mapping of the keys.
    func settings(_ node: YAMLNode) -> AdminSettings {
        var settings = AdminSettings()
        settings.isDefault = false
        guard case .mapping = node else {
            settings.listen = addressesOrOff(node)
            requireToken(settings, at: node.mark)
            return settings
        }
        guard
            let keyed = KeyedNode(
                node, keys: Self.keys, expected: "a mapping of \(Spelling.list(Self.keys))",
                in: file)
        else { return settings }
        if let node = keyed["listen"] {
            settings.listen = addresses(node)
        } else {
            settings.isDefault = true
        }
        settings.token = keyed["token-file"].flatMap { token($0) }
        settings.hosts = keyed["hosts"].map { hosts($0) } ?? []
        settings.hasCoreDNSNames = keyed["coredns-names"].flatMap { file.boolean($0) } ?? false
        if keyed["token-file"] == nil { requireToken(settings, at: keyed.mark(of: "listen")) }
        return settings
    }

    // MARK: Addresses

    private func addressesOrOff(_ node: YAMLNode) -> [AdminSettings.Address] {
        let expected = Self.addressForms + ", or off"
        guard let scalar = node.scalar, !scalar.text.isEmpty else {
            file.wrongKind(node, expected: expected + ", or {listen: [...]} for several")
            return []
        }
        guard scalar.text != "off" else { return [] }
        let isNo = ["false", "no", "none"].contains(scalar.text)
        guard !isNo else {
            file.error(
                scalar.mark, "found \(scalar.text.quoted)", expected: expected,
                suggestion: "off".quoted)
            return []
        }
        return address(node, expected: expected).map { [$0] } ?? []
    }

    private func addresses(_ node: YAMLNode) -> [AdminSettings.Address] {
        guard node.scalar == nil else {
            return address(node, expected: Self.addressForms).map { [$0] } ?? []
        }
        guard let nodes = file.items(node, expected: "a list of addresses") else { return [] }
        guard nodes.count <= AdminSettings.maximumAddresses else {
            file.error(
                node.mark, "\(nodes.count) addresses",
                expected: "at most \(AdminSettings.maximumAddresses)")
            return []
        }
        var found: [AdminSettings.Address] = []
        for node in nodes {
            guard let address = address(node, expected: Self.addressForms) else { continue }
            guard !found.contains(address) else {
                file.error(node.mark, "duplicate address \(address)")
                continue
            }
            found.append(address)
        }
        return found
    }

    private func address(_ node: YAMLNode, expected: String) -> AdminSettings.Address? {
        guard let scalar = file.endpointScalar(node, expected: expected) else { return nil }
        if scalar.text.hasPrefix(Self.unixPrefix) {
            return unixPath(scalar, expected: expected).map { .unix($0) }
        }
        if let meant = Self.form(meantBy: scalar.text) {
            file.error(
                scalar.mark, "bad address \(scalar.text.quoted)", expected: expected,
                suggestion: meant.quoted)
            return nil
        }
        return file.addressAndPort(
            scalar.text[...], in: scalar, defaultPort: AdminSettings.defaultPort,
            expected: expected
        ).map { .ip(ListenAddress($0, port: $1)) }
    }

    /// The socket of a path, the port of this host, and `127.0.0.1` for localhost; nil for any other text.
    private static func form(meantBy text: String) -> String? {
        if text.hasPrefix("/") { return unixPrefix + text }
        if let port = UInt16(decimal: text.hasPrefix(":") ? text.dropFirst() : text[...]), port > 0
        {
            return "127.0.0.1:\(port)"
        }
        let (host, port) = ConfigurationFile.hostAndPort(text[...])
        return host == "localhost" ? "127.0.0.1" + (port.map { ":\($0)" } ?? "") : nil
    }

    private func unixPath(_ scalar: YAMLScalar, expected: String) -> String? {
        let path = file.resolve(String(scalar.text.dropFirst(Self.unixPrefix.count)))
        guard !path.isEmpty, !path.hasSuffix("/") else {
            file.error(scalar.mark, "found \(scalar.text.quoted)", expected: expected)
            return nil
        }
        guard path.utf8.count <= ControlSetting.maximumPathLength else {
            file.error(
                scalar.mark, "a path of \(path.utf8.count) octets",
                expected: "at most \(ControlSetting.maximumPathLength), the most for a socket")
            return nil
        }
        return path
    }

    // MARK: Access

    /// Reports an address that other hosts reach although nobody there has to know a token.
    private func requireToken(_ settings: AdminSettings, at mark: YAMLMark) {
        guard let address = settings.listen.first(where: { !$0.isLocal }) else { return }
        file.error(
            mark,
            "other hosts reach \(address), where anyone could read which names are asked, and by "
                + "whom",
            expected: "token-file, or a loopback address or Unix socket")
    }

    /// What the file says, without the white space around it.
    private func token(_ node: YAMLNode) -> String? {
        let expected =
            "a file with a token of at least \(AdminSettings.minimumTokenLength) characters, as "
            + "of: openssl rand -hex 32"
        guard let scalar = file.scalar(node, expected: expected),
            let path = file.secretPath(scalar)
        else { return nil }
        let other = file.other(path)
        let octets: [UInt8]
        do throws(YAMLError) {
            octets = try RegularFile.contents(
                path, maximumSize: AdminSettings.maximumTokenFileSize)
        } catch {
            file.error(scalar.mark, in: other, error)
            return nil
        }
        // What is there is not repeated: it may be most of a secret, and logs are read by many.
        guard let text = String(validating: octets, as: UTF8.self) else {
            file.error(scalar.mark, "no text in \(path.quotedPath)", expected: expected)
            return nil
        }
        let token = text.split(whereSeparator: \.isWhitespace)
        guard token.count == 1 else {
            file.error(
                scalar.mark, "\(token.isEmpty ? "nothing" : "several words") in \(path.quotedPath)",
                expected: expected)
            return nil
        }
        guard token[0].utf8.count >= AdminSettings.minimumTokenLength else {
            file.error(
                scalar.mark,
                "a token of \(token[0].utf8.count) characters in \(path.quotedPath)",
                expected: expected)
            return nil
        }
        return String(token[0])
    }

    private func hosts(_ node: YAMLNode) -> [DomainName] {
        let expected = "a list of this host's names, such as [dns.home.arpa]"
        guard let nodes = file.items(node, expected: expected) else { return [] }
        return nodes.compactMap { node in
            guard let scalar = file.scalar(node, expected: expected) else { return nil }
            let isPlain = scalar.text.utf8.allSatisfy { !":/[]@".utf8.contains($0) }
            guard isPlain, let name = try? DomainName(scalar.text), !name.isRoot else {
                file.error(
                    scalar.mark, "bad host name \(scalar.text.quoted)", expected: expected)
                return nil
            }
            return name
        }
    }
}
