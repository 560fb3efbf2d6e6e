import Foundation
import Testing

@testable import horizond

@Suite("The live log of the page")
struct RecentQueriesTests {
    private let start = ContinuousClock.now

    private func recent(_ count: Int) throws -> RecentQueries {
        var recent = RecentQueries(at: start)
        for number in 1...count { recent.add(try .sample("n\(number).example"), weight: 1) }
        return recent
    }

    @Test("Without a number come the last lines, with one those behind it, the oldest first")
    func numbers() throws {
        let recent = try recent(10)
        let last = recent.reply(after: nil, count: 3) { _ in true }
        #expect(last.lines.map(\.number) == [8, 9, 10] && last.next == 10 && last.lost == 0)
        #expect(last.lines.map(\.line.name) == ["n8.example", "n9.example", "n10.example"])
        let newer = recent.reply(after: 8, count: 3) { _ in true }
        #expect(newer.lines.map(\.number) == [9, 10] && newer.next == 10 && newer.lost == 0)
        let none = recent.reply(after: 10, count: 3) { _ in true }
        #expect(none.lines.isEmpty && none.next == 10 && none.lost == 0)
    }

    @Test("Whoever goes on from `next` gets each line once, filtered or not")
    func pages() throws {
        let recent = try recent(100)
        for filter in [{ _ in true }, { (line: QueryLine) in line.name.contains("7") }] {
            var (numbers, next) = ([Int](), 0)
            while true {
                let reply = recent.reply(after: next, count: 7, filter)
                #expect(reply.lost == 0)
                numbers += reply.lines.map(\.number)
                next = reply.next
                if reply.lines.count < 7 { break }
            }
            let wanted = try (1...100).filter { filter(try .sample("n\($0).example")) }
            #expect(numbers == wanted && next == 100)
        }
    }

    @Test("Lines that were there before the oldest that is kept are lost, and counted")
    func overrun() throws {
        let recent = try recent(1500)
        let reply = recent.reply(after: 100, count: 10) { _ in true }
        #expect(reply.lines.map(\.number) == Array(501...510))
        #expect(reply.lost == 400 && reply.next == 510)
        #expect(recent.kept.count == RecentQueries.kept)
    }

    @Test("Queries without a line are lost, and counted")
    func passedOver() throws {
        var recent = try recent(3)
        recent.add(try .sample("flood.example"), weight: 20)
        recent.add(nil, weight: 5)
        let reply = recent.reply(after: 1, count: 10) { _ in true }
        #expect(reply.lines.map(\.number) == [2, 3, 23])
        #expect(reply.next == 28 && reply.lost == 24)
        #expect(recent.reply(after: 28, count: 10) { _ in true }.lost == 0)
    }

    @Test("A number of an earlier start is answered with where the numbers are now")
    func restart() throws {
        let reply = try recent(3).reply(after: .max, count: 10) { _ in true }
        #expect(reply.lines.isEmpty && reply.next == 3 && reply.lost == 0)
        #expect(try recent(1).epoch != recent(1).epoch)
    }

    @Test("So many lines are made as are kept, then 400 a second")
    func pace() {
        var recent = RecentQueries(at: start)
        #expect(recent.allow(700, at: start) == 700)
        #expect(recent.allow(700, at: start) == 300)
        #expect(recent.allow(1, at: start) == 0)
        var made = 0
        for tick in 1...200 {
            made += recent.allow(100, at: start + .milliseconds(50 * tick))
        }
        #expect(made == 4000)
        #expect(recent.allow(2000, at: start + .seconds(3600)) == 1000)
    }

    @Test("Time that goes back, as on a machine that is restored, takes no line away")
    func restored() {
        var recent = RecentQueries(at: start)
        #expect(recent.allow(600, at: start) == 600)
        #expect(recent.allow(600, at: start - .seconds(100_000)) == 400)
        #expect(recent.allow(600, at: start - .seconds(99_999)) == 400)
    }

    @Test("A line has its number beside its fields")
    func json() throws {
        let data = try JSONEncoder().encode(try recent(1).reply(after: nil, count: 1) { _ in true })
        let object: [String: Any] = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let lines = try #require(object["lines"] as? [[String: Any]])
        #expect(lines.first?["number"] as? Int == 1)
        #expect(lines.first?["name"] as? String == "n1.example")
    }

    @Test("A filter takes parts of what a line shows")
    func filter() throws {
        let lines = [
            try QueryLine.sample("www.example.com", rcode: "NXDOMAIN", source: "upstream"),
            try QueryLine.sample(
                "nas.vanillax.me", client: "fd00::7", view: "guests", type: "HTTPS"),
            try QueryLine.sample("x.WWW.example.com", view: nil),
        ]
        func matching(_ change: (inout LineFilter) -> Void) -> [Int] {
            var filter = LineFilter(queries: QueryFilter())
            change(&filter)
            return lines.indices.filter { filter.matches(lines[$0]) }
        }
        #expect(matching { _ in } == [0, 1, 2])
        #expect(matching { $0.text = Array("www".utf8) } == [0, 2])
        #expect(matching { $0.text = Array("https".utf8) } == [1])
        #expect(matching { $0.text = Array("fd00".utf8) } == [1])
        #expect(matching { $0.text = Array("nxd".utf8) } == [0])
        #expect(matching { $0.text = Array("upst".utf8) } == [0])
        #expect(matching { $0.text = Array("lan".utf8) } == [])
        #expect(matching { $0.source = "zone" } == [1, 2])
        #expect(matching { $0.rcode = "NXDOMAIN" } == [0])
        let names = try QueryFilter(
            view: nil, client: nil, name: "*.example.com", views: [])
        #expect(matching { $0.queries = names } == [0, 2])
        let view = try QueryFilter(
            view: "guests", client: "fd00::/64", name: nil, views: ["guests"])
        #expect(matching { $0.queries = view } == [1])
    }
}
