import DNS
import Nameserver

/// A message read and judged.
enum ParseBenchmarks {
    static func all() -> [Benchmark] {
        [false, true].map { edns in
            let questions = Questions(edns: edns) { "host-\($0).lab.example" }
            let name = LookupName()
            return Benchmark(
                name: "parse, \(edns ? "with" : "without") EDNS", count: 1 << 16
            ) { times in
                questions.count(times) {
                    if case .query = Query.accept($0, transport: .udp, name: name) {
                        true
                    } else {
                        false
                    }
                }
            }
        }
    }
}

/// A client's view found among prefixes that are a view each.
enum ViewBenchmarks {
    static func all() -> [Benchmark] {
        [1, 10, 10_000].map { count in
            let table = PrefixTable((0..<count).map { (prefix($0), $0) })
            let clients = (0..<Questions.count).map { number in
                IPAddress.v4(address(Questions.scattered(number, below: count)) | 7)
            }
            return Benchmark(
                name: "view, prefixes: \(count)", count: 1 << 16
            ) { times in
                var found = 0
                for index in 0..<times
                where table.value(for: clients[index % Questions.count]) != nil {
                    found += 1
                }
                return found
            }
        }
    }

    /// 10.0.0.0/24 and those after it.
    private static func prefix(_ number: Int) -> AddressPrefix {
        guard let prefix = try? AddressPrefix(.v4(address(number)), length: 24) else {
            preconditionFailure("prefix \(number)")
        }
        return prefix
    }

    private static func address(_ number: Int) -> UInt32 { 0x0a00_0000 | UInt32(number) << 8 }
}

/// A name made ready and looked up in a zone.
enum ZoneBenchmarks {
    static func all() -> [Benchmark] {
        [ZoneSettings.Mode.overlay, .authoritative].flatMap { mode in
            [1, 10_000, 1_000_000].flatMap { benchmarks(mode, hosts: $0) }
        }
    }

    /// So many hosts, and a wildcard in a corner of its own, so that other names do not exist.
    static func zone(_ mode: ZoneSettings.Mode, hosts: Int) -> Zone {
        var builder = ZoneBuilder(ZoneSettings(apex: Questions.apex, mode: mode), seed: 1)
        do {
            for number in 0..<hosts {
                try builder.add(
                    owner: Questions.name("host-\(number).lab.example"), type: .a, ttl: 60,
                    rdata: [192, 0, 2, 1])
            }
            try builder.add(
                owner: Questions.name("*.apps.lab.example"), type: .a, ttl: 60,
                rdata: [192, 0, 2, 2])
            try builder.add(
                owner: Questions.name("alias.lab.example"), type: .cname, ttl: 60,
                rdata: Questions.name("host-0.lab.example").octets)
            return try builder.build()
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private static func benchmarks(_ mode: ZoneSettings.Mode, hosts: Int) -> [Benchmark] {
        let zone = zone(mode, hosts: hosts)
        let missing: LocalAnswer = mode == .overlay ? .elsewhere : .nameError
        return [
            benchmark("exact", zone, hosts, isExpected: isRecords) {
                "host-\(Questions.scattered($0, below: hosts)).lab.example"
            },
            benchmark("wildcard", zone, hosts, isExpected: isRecords) {
                "app-\($0).apps.lab.example"
            },
            benchmark("miss", zone, hosts, isExpected: { $0 == missing }) {
                "none-\($0).lab.example"
            },
        ]
    }

    private static func isRecords(_ answer: LocalAnswer) -> Bool {
        if case .records = answer { true } else { false }
    }

    private static func benchmark(
        _ kind: String, _ zone: Zone, _ hosts: Int,
        isExpected: @escaping (LocalAnswer) -> Bool, name: (Int) -> String
    ) -> Benchmark {
        let questions = Questions(name: name)
        let lookup = LookupName()
        return Benchmark(
            name: "\(zone.settings.mode) of \(hosts), \(kind)", count: 1 << 16
        ) { times in
            questions.count(times) {
                lookup.set($0, at: Questions.nameOffset) && isExpected(zone.answer(lookup, .a))
            }
        }
    }
}

/// The cache alone.
enum CacheBenchmarks {
    private static let key = AnswerKey.Parameters(
        type: .a, bits: .recursionDesired, partition: 1)
    private static let image = [UInt8](repeating: 0, count: 100)

    static func all() -> [Benchmark] { [hit(), insert()] }

    private static func hit() -> Benchmark {
        let cache = ResponseCache(size: 64 << 20, seed: 1)
        let questions = Questions { "host-\($0).example.net" }
        let name = LookupName()
        let scratch = AnswerScratch()
        store(questions, times: Questions.count, name, in: cache)
        return Benchmark(name: "cache, hit", count: 1 << 16) { times in
            questions.count(times) {
                name.set($0, at: Questions.nameOffset)
                    && cache.copy(name, key, now: 2, to: scratch) != nil
            }
        }
    }

    /// Into a full cache, so many names that none is there any more when it comes again.
    private static func insert() -> Benchmark {
        let cache = ResponseCache(size: 1 << 20, seed: 1)
        let questions = Questions(count: 1 << 16) { "host-\($0).example.net" }
        let name = LookupName()
        return Benchmark(name: "cache, insert", count: 1 << 16) { times in
            store(questions, times: times, name, in: cache)
        }
    }

    @discardableResult
    private static func store(
        _ questions: Questions, times: Int, _ name: LookupName, in cache: ResponseCache
    ) -> Int {
        questions.count(times) {
            guard name.set($0, at: Questions.nameOffset) else { return false }
            cache.store(image, lifetime: 300, name, key, now: 1)
            return true
        }
    }
}
