import DNS
import Nameserver
import Testing

@testable import Configuration

@Suite("rate-limit and response-rate-limit")
struct RateLimitTests {
    private func view(_ settings: String, _ ofView: String = "clients: [10.0.0.0/8]") throws
        -> ViewDescription
    {
        try #require(
            try Site("forward: {}\n\(settings)\nviews: {v: {\(ofView)}}").load().views.first)
    }

    @Test("There are none in a view of some, and safe ones in a view of anybody")
    func defaults() throws {
        #expect(try view("").rateLimit == nil)
        #expect(try view("").responseRateLimit == nil)
        for clients in [
            "any", "[any]", "[0.0.0.0/0]", "[10.0.0.0/8, '::/0']", "[0.0.0.0/1, 128.0.0.0/1]",
            "[10.0.0.0/7]", "['2000::/3']", "['2002::/15']", "['f800::/6']", "['fe00::/9']",
        ] {
            let view = try view("", "clients: \(clients)")
            #expect(view.rateLimit == .queriesOfAnybody)
            #expect(view.responseRateLimit == .responsesToAnybody)
        }
        let own = "clients: [10.0.0.0/8, '2002::/16', 'fc00::/7', 'fe80::/10']"
        #expect(try view("", own).rateLimit == nil)
        #expect(try Site("forward: {}").load().views[0].rateLimit == nil)
    }

    @Test("any is every address")
    func any() throws {
        #expect(try view("", "clients: any").clients.map(\.description) == ["0.0.0.0/0", "::/0"])
    }

    @Test("They hold in every view that does not say otherwise")
    func inheritance() throws {
        let both = "rate-limit: 50\nresponse-rate-limit: 7"
        #expect(try view(both).rateLimit == .queries(50))
        #expect(try view(both).responseRateLimit == .responses(7))
        #expect(try view(both, "clients: any").rateLimit == .queries(50))
        let off = try view(both, "clients: any, rate-limit: off")
        #expect(off.rateLimit == nil && off.responseRateLimit == .responses(7))
        #expect(try view("rate-limit: off", "clients: any").rateLimit == nil)
        #expect(try view("rate-limit: off", "clients: any, rate-limit: 9").rateLimit == .queries(9))
        #expect(try Site("forward: {}\nrate-limit: 3").load().views[0].rateLimit == .queries(3))
    }

    @Test("A number is short for a mapping, which may leave out the number")
    func parts() throws {
        let limit = try #require(
            try view(
                "rate-limit: {queries: 5, burst: 6, ipv4-prefix: 24, ipv6-prefix: 64, "
                    + "allow: [10.1.0.0/16, 'fd00::/8']}"
            ).rateLimit)
        #expect(limit.rate == 5 && limit.burst == 6)
        #expect(limit.ipv4Length == 24 && limit.ipv6Length == 64)
        #expect(limit.allowed.map(\.description) == ["10.1.0.0/16", "fd00::/8"])
        let allowing = try view("rate-limit: {allow: [10.1.0.0/16]}").rateLimit
        #expect(allowing?.rate == 100 && allowing?.burst == 1000 && allowing?.allowed.count == 1)
        #expect(try view("rate-limit: {queries: 7}").rateLimit == .queries(7))
        let responses = try view("response-rate-limit: {responses: 9, slip: 0}").responseRateLimit
        #expect(responses?.rate == 9 && responses?.burst == 9 && responses?.slip == 0)
        #expect(try view("rate-limit: 100000").rateLimit?.burst == 1_000_000)
    }
}
