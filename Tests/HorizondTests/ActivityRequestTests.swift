import Testing

@testable import horizond

@Suite("Requests for the page's data")
struct ActivityRequestTests {
    private func request(_ parameters: [String: String]) -> ActivityRequest {
        ActivityRequest(parameters)
    }

    @Test("Parameters that are missing or empty are not there")
    func missing() throws {
        let request = request(["after": "", "q": "", "view": ""])
        #expect(try request.time("after") == nil)
        #expect(try request.number("count", in: 1...9) == nil)
        let filter = try request.filter(views: [])
        #expect(filter.text == nil && filter.queries.view == nil)
    }

    @Test("Numbers and times are read")
    func numbers() throws {
        #expect(try request(["after": "1780000000.25"]).time("after") == 1_780_000_000.25)
        #expect(try request(["count": "9"]).number("count", in: 1...9) == 9)
        let filter = try request(["source": "CACHE", "rcode": "nxdomain", "q": "WwW"])
            .filter(views: [])
        #expect(filter.source == "cache" && filter.rcode == "NXDOMAIN")
        #expect(filter.text == Array("www".utf8))
    }

    @Test("What is no number, too large or unknown is a mistake, in words")
    func mistakes() {
        for text in ["x", "nan", "inf", "1e999", "0x", "1 "] {
            #expect(throws: QueryFilter.Mistake.self) {
                try request(["after": text]).time("after")
            }
        }
        for text in ["0", "10", "-1", "9.5", "99999999999999999999", "九"] {
            #expect(throws: QueryFilter.Mistake.self) {
                try request(["count": text]).number("count", in: 1...9)
            }
        }
        for (name, text) in [
            ("view", "attic"), ("client", "192.168.10"), ("client", "10.0.0.0/33"),
            ("name", "a..b"), ("name", String(repeating: "a", count: 64)), ("name", "\\300"),
            ("source", "sky"),
        ] {
            #expect(throws: QueryFilter.Mistake.self, "\(name)=\(text)") {
                try request([name: text]).filter(views: ["lan"])
            }
        }
    }
}
