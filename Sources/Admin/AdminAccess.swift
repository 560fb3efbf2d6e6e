import Foundation

/// Who may ask for what. The pages tell which names are asked, and by whom, so these rules keep out other
/// hosts, and pages of other sites that a browser on this host shows.
package struct AdminAccess: Sendable {
    /// What other hosts must know; nil where there is nothing to know.
    private let token: AccessToken?
    /// Names under which browsers may ask, in small letters and without final dots.
    private let hosts: Set<String>
    private let hostName: String

    package init(token: String? = nil, hosts: [String] = [], hostName: String = "") {
        self.token = token.map { AccessToken($0) }
        self.hostName = Self.normal(hostName)
        self.hosts = Set(hosts.map(Self.normal) + [self.hostName, "localhost"]).subtracting([""])
    }

    /// Why a request is not answered.
    struct Refusal: Equatable {
        let status: Int
        let text: String
        /// What a client may show instead (RFC 9110 §11.6.1); nil where nothing helps.
        var challenge: String?
    }

    /// What the rules look at.
    struct Request {
        var reach: AdminListener.Reach
        var access: AdminRoute.Access
        /// Whether it is for the page itself, to which other sites may link.
        var isForPage: Bool
        /// Of the fields of the head; nil where they are not there.
        var host: String?
        var origin: String?
        var fetchSite: String?
        var fetchMode: String?
        var fetchDestination: String?
        var authorization: String?
    }

    /// nil for a request that is to be answered.
    func refusal(of request: Request) -> Refusal? {
        guard request.access != .open else { return nil }
        return refusalOfHost(request) ?? refusalOfSite(request) ?? refusalWithoutToken(request)
    }

    // MARK: Browsers

    /// A page of any site can have its name lead to this host and then read what is here (DNS rebinding),
    /// under its own name. Names that nobody else can have are let through. That holds for the Unix socket,
    /// too, which `ssh -L` can bring to a browser: over plain HTTP such a request has nothing else that
    /// tells of a browser.
    private func refusalOfHost(_ request: Request) -> Refusal? {
        guard let field = request.host else { return nil }
        let host = Self.normal(Self.withoutPort(field))
        guard !hosts.contains(host), !IPLiteral.isOne(host) else { return nil }
        let own = hostName.isEmpty ? "" : ", \(hostName)"
        return Refusal(
            status: 421,
            text: "\"\(host)\" is no name of this server's pages, which are at its addresses, "
                + "localhost\(own); `admin: {hosts: [NAME]}` in the configuration adds one")
    }

    /// Another site's page may not even ask, but it may have a link to the page here. Frames of that are
    /// made by navigation as well, and what they load costs the server although nobody sees it.
    private func refusalOfSite(_ request: Request) -> Refusal? {
        let isLink =
            request.isForPage && request.fetchMode == "navigate"
            && (request.fetchDestination ?? "document") == "document"
        let isOther = request.fetchSite.map { !["same-origin", "none"].contains($0) } ?? false
        let isOtherOrigin = request.origin.map { !request.isOwn(origin: $0) } ?? false
        guard isOther && !isLink || isOtherOrigin else { return nil }
        return Refusal(status: 403, text: "pages of other sites may not ask here")
    }

    // MARK: Tokens

    private func refusalWithoutToken(_ request: Request) -> Refusal? {
        switch (request.access, request.reach) {
        case (.write, .unixSocket), (.read, .unixSocket), (.read, .loopback), (.open, _): return nil
        case (.write, _):
            // Browsers send Basic by themselves, whoever's page makes them ask.
            if let token, token.isBearer(request.authorization) { return nil }
            guard token != nil else {
                return Refusal(
                    status: 403,
                    text: "what changes something needs the Unix socket, or a token: "
                        + "`admin: {token-file: PATH}` in the configuration")
            }
            return Refusal(
                status: 401,
                text: "what changes something needs `Authorization: Bearer TOKEN`, the one of "
                    + "token-file",
                challenge: "Bearer realm=\"\(Self.realm)\"")
        case (.read, .network):
            if let token,
                token.isBearer(request.authorization)
                    || token.isPassword(request.authorization)
            {
                return nil
            }
            return Refusal(
                status: 401,
                text: "other hosts need the token of token-file: `Authorization: Bearer TOKEN`, "
                    + "or as the password of any user",
                challenge: "Basic realm=\"\(Self.realm)\", charset=\"UTF-8\"")
        }
    }

    private static let realm = "horizond"

    // MARK: Names

    private static func normal(_ name: some StringProtocol) -> String {
        let small = name.lowercased()
        return small.hasSuffix(".") ? String(small.dropLast()) : small
    }

    /// `dns.home.arpa`, `192.168.10.2` or `[::1]`, of a Host field.
    private static func withoutPort(_ field: String) -> Substring {
        guard field.hasPrefix("["), let end = field.firstIndex(of: "]") else {
            return field.prefix { $0 != ":" }
        }
        let rest = field[field.index(after: end)...]
        return rest.isEmpty || rest.hasPrefix(":") ? field[...end] : field[...]
    }
}

extension AdminAccess.Request {
    /// Whether a page of these pages asks: its origin is the address that it asks at. A proxy in front may
    /// speak TLS.
    fileprivate func isOwn(origin: String) -> Bool {
        guard let host else { return false }
        return ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
    }
}
