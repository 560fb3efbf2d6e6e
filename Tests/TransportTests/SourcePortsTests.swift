import DNS
import Testing

@testable import Transport

@Suite("What a forger has to guess")
struct SourcePortsTests {
    /// What an upstream sees of 10,000 queries, each answered, in their order.
    private struct Sample {
        var ids: [Int] = []
        var ports: [Int] = []
        var socketsOpened = 0

        static let queries = 10_000
        /// Queries under way at a time: what the upstream's receive buffer holds.
        private static let window = 50

        init(_ limits: TransportLimits) throws {
            let upstream = try LoopbackPeer(.udp, bound: endpoint("127.0.0.1"))
            let address = try upstream.local
            let server = try LoopbackServer(nil, limits: limits)
            defer { server.stop() }
            let query = message(0, "twelve octets and more")
            for first in stride(from: 0, to: Self.queries, by: Self.window) {
                try server.onQueue { loop, _ in
                    for exchange in first..<first + Self.window {
                        try loop.sendUpstream(
                            query.span, to: UpstreamEndpoint(address), over: .udp,
                            exchange: UInt64(exchange))
                    }
                }
                for _ in 0..<Self.window {
                    let (octets, sender) = try upstream.receiveFrom()
                    ids.append(Int(octets[0]) << 8 | Int(octets[1]))
                    ports.append(Int(sender.port))
                    try upstream.send(octets, to: sender)
                }
                server.waitUntil { loop, _ in loop.exchanges.count == 0 }
            }
            socketsOpened = server.onQueue { loop, handler in
                #expect(handler.replies.count == Self.queries)
                return Int(loop.counters.upstreamSocketsOpened)
            }
        }
    }

    @Test("IDs and ports are uniform, and say nothing of the next ones")
    func isUnpredictable() throws {
        var limits = TransportLimits()
        limits.upstreamSocketQueries = 1
        let sample = try Sample(limits)
        let (ids, ports) = (sample.ids, sample.ports)
        #expect(ports.allSatisfy { (1024...65_535).contains($0) })
        for deviation in [
            Uniformity.deviation(ids.map { $0 >> 8 }, bins: 256),
            Uniformity.deviation(ids.map { $0 & 0xff }, bins: 256),
            Uniformity.deviationOfDistinct(ids, range: 65_536),
            Uniformity.deviation(ports.map { $0 / 1024 - 1 }, bins: 63),
            Uniformity.deviation(ports.map { $0 % 1024 }, bins: 1024),
            Uniformity.deviationOfDistinct(ports, range: 64_512),
            Uniformity.deviation(of: ids, with: ids.dropFirst()),
            Uniformity.deviation(of: ports, with: ports.dropFirst()),
            Uniformity.deviation(of: ids, with: ports),
            Uniformity.deviation(of: ports, with: ids.dropFirst()),
        ] {
            #expect(abs(deviation) < Uniformity.limit)
        }
    }

    @Test("A port serves so many queries and no more, each from a socket drawn anew")
    func sharesPorts() throws {
        var limits = TransportLimits()
        limits.upstreamSocketLifetime = 60 * MonotonicClock.nanosecondsPerSecond
        let sample = try Sample(limits)
        // Each position of the pool has a last socket that is not used up.
        let fewest = Sample.queries / limits.upstreamSocketQueries
        #expect((fewest...fewest + limits.upstreamSockets).contains(sample.socketsOpened))
        // A port is drawn again once in thousands.
        #expect((fewest - 8...sample.socketsOpened).contains(Set(sample.ports).count))
        #expect(abs(Uniformity.deviation(sample.ids.map { $0 >> 8 }, bins: 256)) < Uniformity.limit)
        #expect(
            abs(Uniformity.deviationOfDistinct(sample.ids, range: 65_536)) < Uniformity.limit)
        // The next query takes the port of the one before where it draws the same of 16 positions,
        // unless that socket is used up.
        let repeats = zip(sample.ports, sample.ports.dropFirst()).count { $0 == $1 }
        let chance =
            (1 - 1 / Double(limits.upstreamSocketQueries)) / Double(limits.upstreamSockets)
        let mean = Double(Sample.queries) * chance
        #expect(abs(Double(repeats) - mean) < Uniformity.limit * (mean * (1 - chance)).squareRoot())
    }

    @Test("These statistics tell counters and half a range from chance")
    func statisticsTell() {
        let counter = Array(0..<10_000)
        #expect(Uniformity.deviation(of: counter, with: counter.dropFirst()) > Uniformity.limit)
        #expect(Uniformity.deviation(counter.map { $0 % 250 }, bins: 250) < -Uniformity.limit)
        #expect(Uniformity.deviationOfDistinct(counter, range: 65_536) > Uniformity.limit)
        let halves = counter.map { _ in Int.random(in: 0..<32_768) }
        #expect(Uniformity.deviation(halves.map { $0 >> 8 }, bins: 256) > Uniformity.limit)
        #expect(Uniformity.deviationOfDistinct(halves, range: 65_536) < -Uniformity.limit)
    }
}
