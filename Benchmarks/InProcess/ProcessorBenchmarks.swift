import DNS
import Nameserver

/// The whole of what happens between the two system calls.
enum ProcessorBenchmarks {
    static func all() -> [Benchmark] {
        let local = "app-%.apps.lab.example"
        return [false, true].flatMap { edns in
            let with = edns ? ", EDNS" : ""
            return [
                answered("process, wildcard\(with)", local, edns),
                answered("process, cache hit\(with)", "www-%.example.net", edns),
                answered("process, alias (composed)\(with)", "alias.lab.example", edns),
            ]
        } + [missed()]
    }

    /// Queries that are answered at once; `%` in `name` is a number.
    private static func answered(_ title: String, _ name: String, _ edns: Bool) -> Benchmark {
        let site = BenchmarkSite()
        let parts = name.split(separator: "%", omittingEmptySubsequences: false)
        let questions = Questions(edns: edns) { parts.joined(separator: "\($0)") }
        _ = questions.count(Questions.count) { site.isAnswered($0) }
        return Benchmark(name: title, count: 1 << 15) { times in
            questions.count(times) { site.isAnsweredAtOnce($0) }
        }
    }

    /// Names that nobody has asked for: forwarded, replied to, stored, answered.
    private static func missed() -> Benchmark {
        let site = BenchmarkSite()
        var number = 0
        return Benchmark(name: "process, miss (asked, stored, answered)", count: 1 << 12) { times in
            var answered = 0
            for _ in 0..<times {
                number += 1
                // All of a length, and none twice.
                let name = Questions.name("www-\(10_000_000 + number).example.net")
                if site.isAnswered(Questions.message(name).span) { answered += 1 }
            }
            return answered
        }
    }
}

/// One view with one zone, one upstream that answers at once, and a clock that stands still.
@safe final class BenchmarkSite {
    private let processor: QueryProcessor
    private let forwarder: Forwarder
    private let snapshot: Snapshot
    private let client = IPAddress.v4(0x0a00_0007)
    private let now: Int64 = 1_000_000_000_000
    private var nextTicket: UInt64 = 0
    /// Allocated once, so that writing to it counts no references of its own. Sound: it lives as long
    /// as the object.
    private let response = UnsafeMutableBufferPointer<UInt8>.allocate(
        capacity: EDNS.maximumUDPSize)

    deinit { unsafe response.deallocate() }

    init() {
        unsafe response.initialize(repeating: 0)
        let cache = ResponseCache(size: 16 << 20, seed: 1)
        // The same random numbers in every run: SplitMix64.
        var state: UInt64 = 1
        forwarder = Forwarder(worker: 0, shared: Forwarder.Shared(cache: cache)) {
            state &+= 0x9e37_79b9_7f4a_7c15
            let word = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
            return word ^ word >> 31
        }
        guard let clients = try? AddressPrefix(.v4(0x0a00_0000), length: 8) else {
            preconditionFailure("10.0.0.0/8")
        }
        let upstream = UpstreamAddress(.v4(0xc000_0201))
        snapshot = Snapshot(
            [
                ViewDescription(
                    name: "lan", clients: [clients],
                    zones: [ZoneBenchmarks.zone(.overlay, hosts: 1)],
                    forward: [ForwardRule(domain: .root, upstreams: [upstream])])
            ], upstreams: UpstreamRegistry(cookieKey: SipHash.Key(low: 1, high: 2)), seed: 1)
        processor = QueryProcessor(cache: cache, snapshot: snapshot)
        processor.setTime(now, unixTime: 0)
    }

    func isAnsweredAtOnce(_ message: Span<UInt8>) -> Bool {
        if case .respond = process(message) { true } else { false }
    }

    /// Whether a query is answered, if need be with what the upstream replies.
    func isAnswered(_ message: Span<UInt8>) -> Bool {
        let disposition = process(message)
        guard disposition == .forward, let question = processor.upstreamQuestion else {
            return disposition != .drop
        }
        nextTicket += 1
        forwarder.ask(question, ticket: nextTicket, waiting: 1, now: now)
        var isAnswered = false
        // The query goes out, its reply comes in, and then its client's turn comes.
        while let command = forwarder.nextCommand() {
            switch command {
            case .send(let attempt):
                let reply = Self.reply(to: attempt.sentMessage)
                _ = forwarder.receive(reply.span, exchange: attempt.exchange, now: now)
            case .answer(_, let fresh):
                if case .respond = process(message, fresh: fresh) { isAnswered = true }
            case .sendCheck, .late, .cancel, .report, .trouble, .loop: break
            }
        }
        return isAnswered
    }

    private func process(
        _ message: Span<UInt8>, fresh: FreshAnswer? = nil
    ) -> QueryProcessor.Disposition {
        var span = unsafe MutableSpan(_unsafeElements: response)
        guard let fresh else {
            return processor.process(message, from: client, over: .udp, into: &span)
        }
        return processor.process(
            message, from: client, over: .udp, on: snapshot, fresh: [fresh], into: &span)
    }

    /// The question of `query` and one address for its name.
    private static func reply(to query: [UInt8]) -> [UInt8] {
        var end = Header.length
        while query[end] != 0 { end += 1 + Int(query[end]) }
        return query[..<2] + [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0] + query[Header.length..<end + 5]
            + [0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4, 203, 0, 113, 1]
    }
}
