import DNS
import Nameserver

/// What a hit costs: the same look-ups again and again, all of them found.
enum HitCost {
    /// Small enough for the processor's own cache, so that instructions are measured, not memory.
    private static let nameCount = 1_000

    static func measure(lookups: Int) {
        let cache = ResponseCache(size: 4 << 20, seed: SyntheticAnswers.seed)
        let scratch = AnswerScratch()
        let names = (0..<nameCount).map { LookupName(SyntheticAnswers.name($0)) }
        let key = SyntheticAnswers.key
        for (number, name) in names.enumerated() {
            cache.store(SyntheticAnswers.image(number), lifetime: 300, name, key, now: 1)
        }
        var hits = 0
        let duration = ContinuousClock().measure {
            for round in 0..<lookups / nameCount {
                for name in names
                where cache.copy(name, key, now: Int64(round), to: scratch) != nil { hits += 1 }
            }
        }
        let each = duration / max(1, hits)
        print("\(hits) hits, \(each.components.attoseconds / 1_000_000_000) ns each")
    }
}
