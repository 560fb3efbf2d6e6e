import Foundation
import Testing

@testable import horizond

@Suite("What browsers make of answers")
struct VerdictTests {
    /// An answer that a zone or an upstream gave; `records` are types and data.
    private func answer(
        _ type: String, from kind: String, _ records: [(String, String)]
    ) throws -> Explanation.Answer {
        let list = records.map { type, data in
            #"{"name":"www.lab.example.","type":"\#(type)","ttl":60,"data":"\#(data)"}"#
        }.joined(separator: ",")
        let step = #"{"name":"www.lab.example","kind":"\#(kind)","reason":"","upstreams":[]}"#
        let text = #"""
            {"type":"\#(type)","response":{"rcode":"NOERROR","records":[\#(list)]},
             "source":"\#(kind)","milliseconds":0,"steps":[\#(step)],"removed":[]}
            """#
        return try JSONDecoder().decode(Explanation.Answer.self, from: Data(text.utf8))
    }

    private func leak(_ foreign: [(String, String)]) throws -> String {
        let answers = [
            try answer("A", from: "zone", [("A", "192.0.2.10")]),
            try answer("AAAA", from: "forward", foreign),
            try answer("HTTPS", from: "zone", []),
        ]
        return try #require(Verdict(answers, isInView: true).sentences.dropFirst().first)
    }

    @Test("A public address beside one from here is a leak")
    func address() throws {
        let records = [("CNAME", "cdn.example.net."), ("AAAA", "2001:db8::1")]
        #expect(try leak(records).hasPrefix("LEAK: AAAA of the public record"))
    }

    @Test("A public alias that leads to no data is none")
    func alias() throws {
        #expect(try leak([("CNAME", "cdn.example.net.")]) == "Nothing of the public record leaks.")
        #expect(try leak([]) == "Nothing of the public record leaks.")
    }
}
