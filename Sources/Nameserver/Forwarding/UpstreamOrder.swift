/// In which order one question is put to its rule's upstreams, and to how many at a time.
struct UpstreamOrder {
    /// Those that are well, then those that have failed since they last answered, then those that are
    /// down. Without those that send questions back here; empty when all do.
    let upstreams: [Upstream]
    /// How many of `upstreams` are not down: they are asked twice before those that are.
    let upCount: Int
    /// How many are asked at once at the start.
    let width: Int
    /// How many attempts there may be in all: each is asked twice, but those that are down once, since they
    /// are tried even then.
    let maximumAttempts: Int
    /// How many are asked before one is asked again.
    let roundLength: Int

    /// One question in so many also goes to an upstream that is not the fastest known, to measure it.
    private static let measuringInterval: UInt64 = 32

    /// `random` gives random numbers.
    init(_ rule: ActiveForwardRule, _ random: () -> UInt64) {
        if rule.isInOrder {
            upstreams = rule.upstreams
            upCount = upstreams.count
            width = 1
            roundLength = upCount
            maximumAttempts = 2 * upCount
            return
        }
        // Other workers change what they are meanwhile: each is looked at once.
        var (well, failing, down): ([Upstream], [Upstream], [Upstream]) = ([], [], [])
        for upstream in rule.upstreams where !upstream.isLooping(for: rule.domain) {
            if upstream.isDown {
                down.append(upstream)
            } else if upstream.isFailing {
                failing.append(upstream)
            } else {
                well.append(upstream)
            }
        }
        var width = 1
        switch rule.policy {
        case .sequential: break
        case .random:
            var generator = Scrambler(state: random())
            well.shuffle(using: &generator)
        case .fastest:
            // One that was never asked comes first: it cannot be measured otherwise.
            well.sort { $0.responseTime < $1.responseTime }
            let random = random()
            if well.count > 1, random % Self.measuringInterval == 0 {
                well.swapAt(1, 1 + Int(random >> 32) % (well.count - 1))
                width = 2
            }
        // One that has failed would only keep the refusal of another one waiting.
        case .parallel(let count): width = min(count, max(well.count, 1))
        }
        upCount = well.count + failing.count
        upstreams = well + failing + down
        self.width = min(width, upstreams.count)
        roundLength = upCount == 0 ? upstreams.count : upCount
        maximumAttempts = upstreams.count + upCount
    }

    /// Which one gets the attempt of that number, from 0.
    func upstream(for attempt: Int) -> Upstream {
        upstreams[attempt < 2 * upCount ? attempt % upCount : attempt - upCount]
    }

    /// Whether a round is over after so many attempts: no other one is left to be asked beside the last of
    /// them, but such as are down.
    func isRoundComplete(after attempts: Int) -> Bool {
        guard attempts > 2 * upCount else { return attempts % roundLength == 0 }
        return attempts == maximumAttempts
    }
}

/// Numbers that follow from a random one (SplitMix64, Steele et al. 2014): enough to spread load.
private struct Scrambler: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}
