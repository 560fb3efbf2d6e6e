import Foundation
import Testing

@testable import Admin

@Suite("Who may ask for what")
struct AdminAccessTests {
    private static let token = "0123456789abcdef"
    private static let access = AdminAccess(
        token: token, hosts: ["dns.home.arpa", "Other.Example."], hostName: "Gate")

    private static func request(
        _ access: AdminRoute.Access = .read, over reach: AdminListener.Reach = .loopback,
        host: String? = "127.0.0.1:8053", origin: String? = nil, site: String? = nil,
        mode: String? = nil, destination: String? = nil, isForPage: Bool = false,
        authorization: String? = nil
    ) -> AdminAccess.Request {
        AdminAccess.Request(
            reach: reach, access: access, isForPage: isForPage, host: host, origin: origin,
            fetchSite: site, fetchMode: mode, fetchDestination: destination,
            authorization: authorization)
    }

    private static func status(_ request: AdminAccess.Request) -> Int? {
        access.refusal(of: request)?.status
    }

    private static func basic(_ text: String) -> String {
        "Basic " + Data(text.utf8).base64EncodedString()
    }

    // MARK: Hosts

    @Test(
        "Addresses, localhost, the host's own name and those of the setting are its names",
        arguments: [
            "127.0.0.1", "127.0.0.1:8053", "192.168.10.2", "[::1]", "[2001:db8::1]:8053",
            "localhost", "LOCALHOST:8053", "localhost.", "gate", "GATE:1", "dns.home.arpa",
            "dns.home.arpa.:8053", "other.example",
        ])
    func ownHost(host: String) {
        #expect(Self.status(Self.request(host: host)) == nil)
    }

    @Test(
        "Any other name may be an attacker's that leads here",
        arguments: [
            "evil.example", "evil.example:8053", "127.0.0.1.evil.example", "localhost.evil.example",
            "gate.evil.example", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x7f.0.0.1", "[evil]",
            "[::1].evil", "", ":8053", "127.0.0.1@evil", "::1",
        ])
    func otherHost(host: String) throws {
        let refusal = try #require(Self.access.refusal(of: Self.request(host: host)))
        #expect(refusal.status == 421)
        // It says what to do.
        #expect(refusal.text.contains("hosts: [NAME]") && refusal.text.contains("gate"))
        #expect(Self.status(Self.request(.write, host: host)) == 421)
        #expect(Self.status(Self.request(over: .network, host: host)) == 421)
        #expect(Self.status(Self.request(.open, host: host)) == nil)
    }

    @Test("The Unix socket has the same names: a browser may come by a forwarded port")
    func hostOverUnixSocket() {
        // As Chromium asks over plain HTTP: it says nothing of the site.
        #expect(Self.status(Self.request(over: .unixSocket, host: "evil.example")) == 421)
        #expect(Self.status(Self.request(.write, over: .unixSocket, host: "evil.example:1")) == 421)
        for host in ["localhost", "localhost:8053", "127.0.0.1", "[::1]:1", "gate", nil] {
            #expect(Self.status(Self.request(.write, over: .unixSocket, host: host)) == nil)
        }
        #expect(
            Self.status(
                Self.request(.write, over: .unixSocket, host: "x:1", origin: "http://x:1")) == 421)
        #expect(
            Self.status(
                Self.request(
                    .write, over: .unixSocket, host: "localhost:1", origin: "http://localhost:1",
                    site: "same-origin")) == nil)
    }

    @Test("Before HTTP/1.1 there is no Host field, and no browser")
    func withoutHost() {
        #expect(Self.status(Self.request(host: nil)) == nil)
    }

    // MARK: Sites

    @Test(
        "Pages of other sites and of other ports may not ask",
        arguments: ["cross-site", "same-site"])
    func otherSite(site: String) {
        for access in [AdminRoute.Access.read, .write] {
            for reach in [AdminListener.Reach.loopback, .unixSocket, .network] {
                let request = Self.request(
                    access, over: reach, site: site, mode: "cors",
                    authorization: "Bearer " + Self.token)
                #expect(Self.status(request) == 403, "\(access) \(reach)")
            }
        }
        #expect(Self.status(Self.request(.open, site: site)) == nil)
    }

    @Test("A link from elsewhere leads to the page, and to nothing that changes something")
    func link() {
        for destination in ["document", nil] {
            func link(_ access: AdminRoute.Access = .read, isForPage: Bool = false) -> Int? {
                Self.status(
                    Self.request(
                        access, site: "cross-site", mode: "navigate", destination: destination,
                        isForPage: isForPage, authorization: "Bearer " + Self.token))
            }
            #expect(link(isForPage: true) == nil)
            #expect(link() == 403)
            #expect(link(.write) == 403)
        }
    }

    @Test("A page of another site shows none of the pages in itself")
    func frames() {
        for destination in ["iframe", "frame", "embed", "object", "image", ""] {
            let request = Self.request(
                site: "cross-site", mode: "navigate", destination: destination, isForPage: true)
            #expect(Self.status(request) == 403, "\(destination)")
        }
        let script = Self.request(
            site: "cross-site", mode: "no-cors", destination: "document", isForPage: true)
        #expect(Self.status(script) == 403)
    }

    @Test("An address that someone types, and the page itself", arguments: ["none", "same-origin"])
    func ownSite(site: String) {
        #expect(Self.status(Self.request(site: site, mode: "cors")) == nil)
    }

    @Test(
        "Another origin may not ask, even where it says that it is a link",
        arguments: [
            "http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:80530",
            "http://127.0.0.1:8053.evil.example", "ftp://127.0.0.1:8053", "",
        ])
    func otherOrigin(origin: String) {
        #expect(Self.status(Self.request(origin: origin)) == 403)
        #expect(Self.status(Self.request(origin: origin, mode: "navigate")) == 403)
        #expect(
            Self.status(
                Self.request(.write, origin: origin, authorization: "Bearer " + Self.token)) == 403)
    }

    @Test("The page's own origin may, also behind a proxy that speaks TLS")
    func ownOrigin() {
        #expect(Self.status(Self.request(origin: "http://127.0.0.1:8053")) == nil)
        #expect(
            Self.status(
                Self.request(host: "DNS.home.arpa", origin: "https://dns.home.arpa")) == nil)
    }

    // MARK: Tokens

    @Test("On this host reading needs no token, from elsewhere it does")
    func reading() throws {
        #expect(Self.status(Self.request(over: .loopback)) == nil)
        #expect(Self.status(Self.request(over: .unixSocket)) == nil)
        let refusal = try #require(Self.access.refusal(of: Self.request(over: .network)))
        #expect(refusal.status == 401)
        #expect(refusal.challenge == "Basic realm=\"horizond\", charset=\"UTF-8\"")
        #expect(Self.status(Self.request(.open, over: .network)) == nil)
    }

    @Test("The token is Bearer's, or the password of any user")
    func tokenForReading() {
        for authorization in [
            "Bearer " + Self.token, "bearer  " + Self.token, Self.basic("anyone:" + Self.token),
            Self.basic(":" + Self.token), "BASIC " + Self.basic("a:" + Self.token).dropFirst(6),
        ] {
            let request = Self.request(over: .network, authorization: authorization)
            #expect(Self.status(request) == nil, "\(authorization)")
        }
        for authorization in [
            "", "Bearer", "Bearer ", Self.token, "Bearer x" + Self.token,
            "Bearer " + Self.token + "x", "Bearer " + Self.token.dropLast(),
            Self.basic(Self.token + ":"), Self.basic(Self.token), "Basic ???",
            Self.basic("a:b:" + Self.token), "Digest " + Self.token,
        ] {
            let request = Self.request(over: .network, authorization: authorization)
            #expect(Self.status(request) == 401, "\(authorization)")
        }
    }

    @Test("What changes something needs the Unix socket, or the token and never as a password")
    func writing() throws {
        #expect(Self.status(Self.request(.write, over: .unixSocket)) == nil)
        for reach in [AdminListener.Reach.loopback, .network] {
            let refusal = try #require(Self.access.refusal(of: Self.request(.write, over: reach)))
            #expect(refusal.status == 401 && refusal.challenge == "Bearer realm=\"horizond\"")
            let bearer = Self.request(.write, over: reach, authorization: "Bearer " + Self.token)
            #expect(Self.status(bearer) == nil)
            let basic = Self.request(
                .write, over: reach, authorization: Self.basic("a:" + Self.token))
            #expect(Self.status(basic) == 401)
        }
    }

    @Test("Where there is no token, none is right")
    func withoutToken() throws {
        let access = AdminAccess()
        let request = Self.request(.write, authorization: "Bearer ")
        let refusal = try #require(access.refusal(of: request))
        #expect(refusal.status == 403 && refusal.challenge == nil)
        #expect(refusal.text.contains("token-file"))
        #expect(access.refusal(of: Self.request(over: .network))?.status == 401)
    }
}
