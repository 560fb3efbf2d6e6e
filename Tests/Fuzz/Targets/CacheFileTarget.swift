import DNS
import Nameserver

/// Arbitrary octets as the file that the cache is loaded from. Unless the first octet is 0, they get the
/// checksum that belongs to them, so that what is in them is looked at. Whatever was loaded is asked for,
/// and has to come back when it is written and loaded again.
func fuzzCacheFile(_ input: [UInt8]) throws(Finding) {
    var choices = Choices(input)
    let isSealed = choices.octet() != 0
    let file = isSealed ? sealed(Array(choices.rest)) : Array(choices.rest)
    let cache = FuzzSite.emptyCache()
    let moment = CacheSnapshot.Moment(monotonic: 1_000_000_000_000, unixMilliseconds: 5_000)
    guard let count = try? cache.load(file.span, at: moment, staleLimit: 3600) else {
        return try require(cache.count == 0, "a part of a bad file was loaded")
    }
    // Of two with one key the later one stays.
    try require(cache.count <= count, "loaded \(count), but there are \(cache.count)")

    let site = FuzzSite(FuzzZones.snapshot, cache: cache, now: moment.monotonic)
    for question in upstreamQuestions {
        for (size, dnssecOK) in [(UInt16?.none, false), (1232, true)] {
            let query = question.query(size: size, dnssecOK: dnssecOK)
            for client in FuzzZones.clients[..<2] {
                try site.ask(query, from: client, over: .udp) { _, _ in nil }
            }
        }
    }
    try checkAgain(cache, at: moment)
}

/// What was loaded is written and loaded again, and none is missing then.
private func checkAgain(_ cache: ResponseCache, at moment: CacheSnapshot.Moment) throws(Finding) {
    let count = cache.count
    let written = snapshot(of: cache, at: moment)
    let again = FuzzSite.emptyCache()
    guard let loaded = try? again.load(written.span, at: moment, staleLimit: 3600) else {
        throw Finding("what was written is not loaded: \(hexadecimal(written))")
    }
    try require(loaded == count, "\(count) entries, but \(loaded) when loaded again")
}

private func snapshot(of cache: ResponseCache, at moment: CacheSnapshot.Moment) -> [UInt8] {
    var octets: [UInt8] = []
    _ = cache.writeSnapshot(at: moment, staleLimit: 3600) { part in
        octets += part.array(0..<part.count)
    }
    return octets
}

/// The octets as whole words with their checksum behind them: the format's, written down once more.
private func sealed(_ octets: [UInt8]) -> [UInt8] {
    let words = octets + [UInt8](repeating: 0, count: (8 - octets.count % 8) % 8)
    var hash = SipHash(SipHash.Key(low: 0x687a_6e63_6163_6865, high: 1))
    for offset in stride(from: 0, to: words.count, by: 8) {
        hash.combine(words.span.uint64(at: offset))
    }
    let sum = hash.finish(count: words.count)
    return words + (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(56 - 8 * $0)) }
}
