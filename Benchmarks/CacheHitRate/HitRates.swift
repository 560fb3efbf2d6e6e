import DNS

/// The table of hit rates: traces by caches by sizes.
enum HitRates {
    private static let popularNames = 1_000_000
    /// The part of the popular names that a cache has room for.
    private static let parts = [0.001, 0.01, 0.05, 0.1, 0.25]
    private static let traces: [(exponent: Double, noise: Double)] = [
        (0.8, 0), (0.9, 0), (1.0, 0), (1.1, 0), (0.9, 0.3), (1.0, 0.3),
    ]

    static func measure(questions: Int) {
        let names = (0..<popularNames).map { SyntheticAnswers.name($0) }
        print("| exponent | noise | room for | size | horizond | LRU | random | most popular |")
        print("|---|---|---|---|---|---|---|---|")
        for (exponent, noise) in traces {
            let trace = Trace(
                exponent: exponent, noise: noise, popularNames: popularNames, questions: questions)
            let lengths = (0..<trace.nameCount).map { UInt16(SyntheticAnswers.entryLength($0)) }
            for part in parts {
                let count = Int(Double(popularNames) * part)
                let size =
                    lengths.prefix(popularNames).reduce(0) { $0 + Int($1) }
                    / popularNames * count
                let rates = [
                    rate(ServedCache(size: size, names: names), trace),
                    rate(LeastRecentlyUsed(size: size, lengths: lengths), trace),
                    rate(RandomEviction(size: size, lengths: lengths), trace),
                    rate(MostPopular(size: size, lengths: lengths), trace),
                ]
                let fields =
                    ["\(exponent)", percent(noise), percent(part), "\(size / 1024) KiB"]
                    + rates.map(percent)
                print("| " + fields.joined(separator: " | ") + " |")
            }
        }
    }

    private static func rate(_ cache: some ComparedCache, _ trace: Trace) -> Double {
        var cache = cache
        var hits = 0
        for number in trace.questions where cache.ask(Int(number)) { hits += 1 }
        return Double(hits) / Double(trace.questions.count)
    }

    /// With one digit behind the point, unless it is 0.
    private static func percent(_ part: Double) -> String {
        let tenths = Int((part * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }
}
