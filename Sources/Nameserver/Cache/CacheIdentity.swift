import DNS

/// A number that stands for a setting in the keys of stored answers: equal for equal settings, also in
/// another process, which may load what this one has stored.
enum CacheIdentity {
    // Any key: who writes the configuration gains nothing from two settings with one number.
    private static let key = SipHash.Key(low: 0x686f_7269, high: 0x7a6f_6e64)

    static func of(_ description: String) -> UInt64 {
        var hash = SipHash(key)
        let octets = Array(description.utf8)
        var word: UInt64 = 0
        for (index, octet) in octets.enumerated() {
            word |= UInt64(octet) << UInt64(index % 8 * 8)
            if index % 8 == 7 {
                hash.combine(word)
                word = 0
            }
        }
        return hash.finish(rest: word, count: octets.count)
    }
}
