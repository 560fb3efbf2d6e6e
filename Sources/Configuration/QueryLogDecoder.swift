import DNS

// The setting `log`.
extension ConfigurationFile {
    func logSettings(_ node: YAMLNode) -> Configuration.LogSettings? {
        let expected = "a mapping such as {errors: true, queries: off}"
        guard
            let log = KeyedNode(node, keys: ["errors", "queries"], expected: expected, in: self)
        else { return nil }
        var settings = Configuration.LogSettings()
        if let errors = log["errors"].flatMap({ boolean($0) }) { settings.errors = errors }
        if let queries = log["queries"].flatMap({ queryLog($0) }) { settings.queries = queries }
        return settings
    }

    private static let queryLogKeys = ["which", "to", "sample", "clients", "rotate"]

    /// `off`, `errors`, `all`, a truth value, or the parts.
    private func queryLog(_ node: YAMLNode) -> QueryLogSettings? {
        guard case .mapping = node else { return whichQueries(node).map(QueryLogSettings.init) }
        var settings = QueryLogSettings(which: .all)
        let expected = "off, errors, all, or a mapping of \(Spelling.list(Self.queryLogKeys))"
        guard let keyed = KeyedNode(node, keys: Self.queryLogKeys, expected: expected, in: self)
        else { return nil }
        if let which = keyed["which"].flatMap({
            choice($0, what: "word", of: QueryLogSettings.Which.self)
        }) {
            settings.which = which
        }
        if let sample = keyed["sample"].flatMap({ integer($0, in: QueryLogSettings.samples) }) {
            settings.sample = sample
        }
        if let clients = keyed["clients"].flatMap({
            choice($0, what: "word", of: QueryLogSettings.Clients.self)
        }) {
            settings.clients = clients
        }
        if let node = keyed["to"] {
            guard let destination = queryLogDestination(node) else { return nil }
            settings.destination = destination
        }
        guard let rotate = keyed["rotate"] else { return settings }
        guard case .file(let path, _) = settings.destination else {
            error(
                keyed.mark(of: "rotate"), "\"rotate\" without a file",
                expected: "\"to: file:PATH\" beside it")
            return settings
        }
        settings.destination = .file(path, rotation: rotation(rotate))
        return settings
    }

    private func whichQueries(_ node: YAMLNode) -> QueryLogSettings.Which? {
        let expected = "off, errors, all, or a mapping such as {to: file:queries.jsonl}"
        guard let scalar = scalar(node, expected: expected) else { return nil }
        switch scalar.text {
        case "true" where scalar.isPlain: return .all
        case "false" where scalar.isPlain: return .off
        default:
            if let which = QueryLogSettings.Which(rawValue: scalar.text) { return which }
            error(scalar.mark, "found \(scalar.text.quoted)", expected: expected)
            return nil
        }
    }

    private func queryLogDestination(_ node: YAMLNode) -> QueryLogSettings.Destination? {
        let expected =
            "journal, file:PATH or dnstap:PATH, such as file:/var/log/horizond/queries.jsonl"
        guard let scalar = scalar(node, expected: expected) else { return nil }
        guard scalar.text != "journal" else { return .journal }
        let parts = scalar.text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["file", "dnstap"].contains(parts[0]) else {
            error(
                scalar.mark, "found \(scalar.text.quoted)", expected: expected,
                suggestion: scalar.text.contains("/") ? "file:\(scalar.text)".quoted : nil)
            return nil
        }
        let path = YAMLScalar(text: parts[1], isPlain: scalar.isPlain, mark: scalar.mark)
        guard let resolved = self.path(path, expected: expected) else { return nil }
        guard parts[0] == "dnstap" else {
            if let obstacle = Configuration.obstacle(toFile: resolved) {
                warning(
                    scalar.mark, "\(obstacle): no queries are logged",
                    expected: "a file in a directory that the service can write to")
            }
            return .file(resolved, rotation: QueryLogSettings.Rotation())
        }
        guard resolved.utf8.count <= ControlSetting.maximumPathLength else {
            error(
                scalar.mark, "a path of \(resolved.utf8.count) octets",
                expected: "at most \(ControlSetting.maximumPathLength), the most for a socket")
            return nil
        }
        return .dnstap(resolved)
    }

    /// nil for `off`.
    private func rotation(_ node: YAMLNode) -> QueryLogSettings.Rotation? {
        var rotation = QueryLogSettings.Rotation()
        guard node.scalar?.text != "off" else { return nil }
        let expected = "off, or a mapping such as {size: 64MiB, keep: 5}"
        guard let keyed = KeyedNode(node, keys: ["size", "keep"], expected: expected, in: self)
        else { return rotation }
        if let size = keyed["size"].flatMap({ size($0, in: QueryLogSettings.rotationSizes) }) {
            rotation.size = size
        }
        if let keep = keyed["keep"].flatMap({
            integer($0, in: QueryLogSettings.rotationCounts)
        }) {
            rotation.keep = keep
        }
        return rotation
    }
}
