import DNS
import Testing

@testable import Configuration

@Suite("The setting admin")
struct AdminSettingsTests {
    private static func settings(
        _ text: String, files: [String: String] = [:]
    ) throws -> AdminSettings {
        try Site("forward: {}\n" + text, files: files).load().admin
    }

    private static func listens(_ text: String) throws -> [String] {
        try settings(text).listen.map(\.description)
    }

    @Test("Without it the pages are at a port of this host")
    func standard() throws {
        let settings = try Self.settings("")
        #expect(settings.listen.map(\.description) == ["127.0.0.1:8053"])
        #expect(settings.isDefault && settings.token == nil && settings.hosts.isEmpty)
        #expect(!settings.hasCoreDNSNames)
    }

    @Test("An address, a path, several of them, or off")
    func addresses() throws {
        #expect(try Self.listens("admin: off") == [])
        #expect(try Self.listens("admin: 127.0.0.1") == ["127.0.0.1:8053"])
        #expect(try Self.listens("admin: '[::1]:9000'") == ["[::1]:9000"])
        #expect(try Self.listens("admin: ::1") == ["[::1]:8053"])
        #expect(try Self.listens("admin: unix:/run/a.sock") == ["unix:/run/a.sock"])
        #expect(try Self.listens("admin: {listen: 127.0.0.2:1}") == ["127.0.0.2:1"])
        #expect(
            try Self.listens("admin: {listen: [127.0.0.1:1, 'unix:/a']}")
                == ["127.0.0.1:1", "unix:/a"])
        #expect(try Self.settings("admin: 127.0.0.1:8053").isDefault == false)
    }

    @Test("A path is relative to the file that names it")
    func relativePath() throws {
        let site = try Site("forward: {}\nadmin: unix:a.sock")
        #expect(try site.load().admin.listen == [.unix(site.path("a.sock"))])
    }

    @Test("Keys without addresses keep the default ones")
    func otherKeys() throws {
        let settings = try Self.settings(
            "admin: {hosts: [DNS.home.arpa, gate], coredns-names: true}")
        #expect(settings.listen.map(\.description) == ["127.0.0.1:8053"] && settings.isDefault)
        #expect(settings.hosts == [try DomainName("dns.home.arpa"), try DomainName("gate")])
        #expect(settings.hasCoreDNSNames)
    }

    private static let elsewhere = "admin: {listen: 192.0.2.1, token-file: token}"

    @Test("The token is what is in its file, without white space around it")
    func token() throws {
        let token = String(repeating: "ab", count: 8)
        for text in [token, token + "\n", "\n \(token)\t\r\n\n"] {
            let settings = try Self.settings(Self.elsewhere, files: ["token": text])
            #expect(settings.token == token)
            #expect(settings.listen.map(\.description) == ["192.0.2.1:8053"])
        }
    }

    @Test(
        "A token that is none is told with its place, and is not repeated",
        arguments: [
            ("", "nothing in"), ("  \n", "nothing in"),
            ("secretsecret1", "a token of 13 characters in"),
            ("0123456789abcdef secret", "several words in"),
            (String(repeating: "secret", count: 1_000), "it has 6000 octets, more than 4096"),
        ])
    func badToken(text: String, problem: String) throws {
        let errors = try Site("forward: {}\n" + Self.elsewhere, files: ["token": text]).errors()
        try #require(errors.count == 1)
        #expect(errors[0].hasPrefix("horizond.yaml:2:40: "), "\(errors)")
        #expect(errors[0].contains(problem) && !errors[0].contains("secret"), "\(errors)")
    }

    @Test("A token is not wanted where nobody else connects, and used where it is given")
    func tokenAtLoopback() throws {
        let settings = try Self.settings(
            "admin: {token-file: token}", files: ["token": "0123456789abcdef"])
        #expect(settings.token == "0123456789abcdef" && settings.isDefault)
    }
}
