import DNS
import Nameserver

/// How long a full cache takes to be written and to be loaded again, the disk left out.
enum SnapshotCost {
    static func measure(mebibytes: Int) {
        let size = mebibytes << 20
        let cache = ResponseCache(size: size, seed: SyntheticAnswers.seed)
        let name = LookupName()
        for number in 0..<size / 200 {
            name.set(SyntheticAnswers.name(number))
            cache.store(
                SyntheticAnswers.image(number), lifetime: 300, name, SyntheticAnswers.key, now: 0)
        }
        let moment = CacheSnapshot.Moment(monotonic: 0, unixMilliseconds: 0)
        let clock = ContinuousClock()
        var octets: [UInt8] = []
        octets.reserveCapacity(size)
        var written = 0
        let writing = clock.measure {
            written = cache.writeSnapshot(at: moment, staleLimit: 0) { part in
                octets += part.array(0..<part.count)
            }
        }
        let other = ResponseCache(size: size, seed: SyntheticAnswers.seed + 1)
        var loaded = 0
        let loading = clock.measure {
            loaded = (try? other.load(octets.span, at: moment, staleLimit: 0)) ?? 0
        }
        print("\(written) answers in \(octets.count) octets written in \(writing)")
        print("\(loaded) answers loaded in \(loading), \(other.count) kept")
    }
}
