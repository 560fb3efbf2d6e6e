import DNS
import Foundation
import Testing

@testable import horizond

@Suite("The lists of the last hour")
struct TopQueriesTests {
    private let start = ContinuousClock.now
    private let laptop = IPAddress.v4(0xc0a8_0a07)
    private let phone = IPAddress.v4(0xc0a8_0a08)

    private func query(
        _ name: String?, from client: IPAddress? = nil, view: String? = "lan",
        refused: Bool = false, failed: Bool = false, weight: Int = 1
    ) throws -> ObservedQuery {
        ObservedQuery(
            name: try name.map { try DomainName($0) }, client: client ?? laptop, view: view,
            isRefused: refused, hasFailed: failed, weight: weight)
    }

    private func reply(_ top: TopQueries, count: Int = 20, at seconds: Double) -> TopReply {
        let now = start + .seconds(seconds)
        return TopReply(top.lastHour(at: now), count: count, since: 10_000 - top.age(at: now))
    }

    @Test("Names, clients, refusals and failures are counted over all slices, the most first")
    func lists() throws {
        var top = TopQueries(at: start)
        for minute in 0..<20 {
            top.add(
                [
                    try query("www.example.com"), try query("nas.example.net", from: phone),
                    try query("www.example.com"),
                    try query("www.example.com", from: .v4(1), view: nil, refused: true),
                    try query("old.example.org", failed: true),
                ], at: start + .seconds(60 * minute))
        }
        top.add([try query("nas.example.net", from: phone)], at: start + .seconds(1200))
        let reply = reply(top, at: 1201)
        #expect(
            reply.names == [
                .init(name: "www.example.com", count: 60),
                .init(name: "nas.example.net", count: 21),
                .init(name: "old.example.org", count: 20),
            ])
        #expect(
            reply.clients == [
                .init(client: "192.168.10.7", view: "lan", count: 60),
                .init(client: "192.168.10.8", view: "lan", count: 21),
                .init(client: "0.0.0.1", view: nil, count: 20),
            ])
        #expect(
            reply.refused == [.init(name: "www.example.com", client: "0.0.0.1", count: 20)])
        #expect(reply.failed == [.init(name: "old.example.org", count: 20)])
        #expect(reply.sampled == 1)
        #expect(reply.since == 10_000 - 1201)
    }

    @Test("What is over an hour old is gone, whether or not anything came since")
    func hour() throws {
        var top = TopQueries(at: start)
        top.add([try query("old.example")], at: start + .seconds(299))
        #expect(reply(top, at: 3599).names.map(\.name) == ["old.example"])
        #expect(reply(top, at: 3599).since == 10_000 - 3599)
        #expect(reply(top, at: 3600).names == [])
        #expect(reply(top, at: 3600).since == 10_000 - 3300)
        top.add([try query("new.example")], at: start + .seconds(3601))
        #expect(reply(top, at: 3602).names.map(\.name) == ["new.example"])
        #expect(reply(top, at: 1_000_000).names == [])
    }

    @Test("Queries of a flood count for those that were passed over")
    func sampled() throws {
        var top = TopQueries(at: start)
        top.add(
            [try query("a.example", weight: 1), try query("b.example", weight: 19)], at: start)
        #expect(
            reply(top, at: 1).names == [
                .init(name: "a.example", count: 10), .init(name: "b.example", count: 10),
            ])
        #expect(reply(top, at: 1).sampled == 0.1)
        #expect(reply(TopQueries(at: start), at: 1).sampled == 1)
    }

    @Test("The first query after a flood does not have the count of those that were passed over")
    func afterFlood() throws {
        var top = TopQueries(at: start)
        top.add(try (0..<200).map { try query("n\($0).example") }, at: start)
        top.add([try query("nas.example", weight: 1901)], at: start + .seconds(60))
        let reply = reply(top, count: 500, at: 61)
        #expect(reply.names.count == 201)
        #expect(reply.names.last == .init(name: "nas.example", count: 1))
        #expect(reply.names.reduce(0) { $0 + $1.count } == 200 + 1901)
        #expect(Set(reply.names.dropLast().map(\.count)) == [10, 11])
    }

    @Test("Equal counts keep their places, spelling and what cannot be shown are one form")
    func form() throws {
        var top = TopQueries(at: start)
        for name in ["b.example", ".", "a.example", "\\000\\255\"<b>.example"] {
            top.add([try query(name)], at: start)
        }
        top.add([try query("A.EXAMPLE").lowercased], at: start)
        top.add([try query(nil)], at: start)
        let names = reply(top, at: 1).names.map(\.name)
        #expect(names == ["a.example", ".", "b.example", #"\000\255\"<b>.example"#])
        #expect(reply(top, at: 1).clients.map(\.count) == [6])
        #expect(reply(top, count: 2, at: 1).names.map(\.name) == ["a.example", "."])
    }

    @Test("JSON has null for an audit that there was not")
    func json() throws {
        let data = try JSONEncoder().encode(reply(TopQueries(at: start), at: 1))
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.contains(#""lastAt":null"#) && text.contains(#""every":null"#))
        #expect(text.contains(#""seconds":3600"#) && text.contains(#""leaks":[]"#))
    }
}

extension ObservedQuery {
    fileprivate var lowercased: ObservedQuery {
        ObservedQuery(
            name: name?.lowercased, client: client, view: view, isRefused: isRefused,
            hasFailed: hasFailed, weight: weight)
    }
}
