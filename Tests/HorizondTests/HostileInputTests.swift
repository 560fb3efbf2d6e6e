import Configuration
import DNS
import Foundation
import TestSupport
import Testing

@testable import horizond

/// What the program itself reads, changed at random but always in the same way; what the modules below it
/// read, `Tests/Fuzz` has.
@Suite("Hostile input")
struct HostileInputTests {
    @Test("Whatever a collector sends as a control frame is one, or none")
    func frames() {
        var generator = SeededGenerator(seed: 1)
        let frames = [FrameStream.Control.accept, .start, .stop, .ready, .finish].flatMap {
            [
                FrameStream.control($0), FrameStream.control($0, contentType: "protobuf:x"),
                FrameStream.control($0, contentType: "") + FrameStream.control($0),
            ]
        }.map { Array($0.dropFirst(8)) }
        var read = 0
        for _ in 0..<50_000 {
            let octets = generator.changed(frames)
            guard let (_, types) = FrameStream.readControl(octets.span) else { continue }
            read += 1
            #expect(types.reduce(0) { $0 + $1.utf8.count } <= 3 * octets.count)
        }
        #expect(read > 1_000)
    }

    @Test("Whatever the parameters of the page's data are, they are a filter or a mistake in words")
    func parameters() {
        var generator = SeededGenerator(seed: 2)
        let values = [
            "*.example", ".", "..", "10.0.0.0/8", "10.0.0.0/99999999999999999999", "::/0",
            "::1/129",
            "/", "1e308", "-1e-999", "nan", "0x10", "9223372036854775807", "-9223372036854775808",
            "CACHE", "NXDOMAIN", "lan", "\u{202e}\u{0}", "a\\999", "xn--a", "Ü.example",
        ].map { Array($0.utf8) }
        let names = ["after", "count", "name", "client", "view", "source", "rcode", "q"]
        var filters = 0
        for _ in 0..<20_000 {
            let parameters = Dictionary(
                names.map { ($0, String(decoding: generator.changed(values), as: UTF8.self)) }
            ) { first, _ in first }
            let request = ActivityRequest(parameters)
            for body in [
                { _ = try request.time("after") }, { _ = try request.number("count", in: 1...100) },
                { _ = try request.filter(views: ["lan"]) },
            ] as [() throws -> Void] {
                do {
                    try body()
                    filters += 1
                } catch {
                    let text = "\(error)"
                    #expect(text == text.escapingUnprintable && text.utf8.count < 1_000)
                }
            }
        }
        #expect(filters > 500)
    }

    @Test("A host with more processors than there may be workers has as many as may be")
    func manyProcessors() {
        #expect(Service.workers(nil, processors: 1_024) == Configuration.maximumWorkers)
        #expect(Service.workers(nil, processors: 2) == 2)
        #expect(Service.workers(7, processors: 2) == 7)
    }

    @Test(
        "A line of a server gone mad is shown, whatever its times are",
        arguments: [1e300, -1e300, 9.3e15, -9.3e15, .infinity, .nan, 0])
    func times(time: Double) throws {
        var line = try QueryLine.sample("a.example")
        line.time = time
        line.milliseconds = time
        #expect(line.text(colored: false).contains("a.example A"))
    }

    @Test("A filter takes any line, whatever its text")
    func filters() throws {
        for text in ["*.example", ".example", "*.", ".", "*", "*..", "\\", "a b", "*.\u{202e}"] {
            guard let pattern = QueryFilter.NamePattern(text) else { continue }
            for name in [".", "example", "a.example", #"\000.example"#] {
                _ = pattern.matches(try DomainName(name))
            }
        }
    }
}

extension SeededGenerator {
    /// One of `inputs` with some octets changed, put in or taken out.
    fileprivate mutating func changed(_ inputs: [[UInt8]]) -> [UInt8] {
        var octets = inputs[Int.random(in: 0..<inputs.count, using: &self)]
        for _ in 0..<Int.random(in: 0...3, using: &self) {
            let index = Int.random(in: 0...octets.count, using: &self)
            let octet = UInt8.random(in: 0...255, using: &self)
            switch Int.random(in: 0..<4, using: &self) {
            case 0 where index < octets.count: octets[index] = octet
            case 1 where index < octets.count: octets[index] ^= 1 << (octet & 7)
            case 2: octets.insert(octet, at: index)
            default: octets.removeLast(min(octets.count, Int(octet & 3)))
            }
        }
        return octets
    }
}
