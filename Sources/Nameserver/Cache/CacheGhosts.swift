/// Remembers which entries were dropped unasked lately, by a fingerprint of 16 bits each: what is
/// stored again so soon is no one-hit wonder.
///
/// Unsafe because it lies in the shard's memory. Sound because indices stay below the number of
/// fingerprints that the memory has room for.
@safe struct CacheGhosts {
    /// How many fingerprints one bucket holds, the latest first: 16 octets, in one cache line.
    static let bucketSize = 8

    private let fingerprints: UnsafeMutablePointer<UInt16>
    private let bucketCount: Int

    init(_ fingerprints: UnsafeMutablePointer<UInt16>, bucketCount: Int) {
        unsafe self.fingerprints = unsafe fingerprints
        self.bucketCount = bucketCount
        unsafe fingerprints.initialize(repeating: 0, count: bucketCount * Self.bucketSize)
    }

    mutating func insert(_ hash: UInt64) {
        let bucket = bucket(hash)
        for index in (1..<Self.bucketSize).reversed() {
            unsafe fingerprints[bucket &+ index] = fingerprints[bucket &+ index &- 1]
        }
        unsafe fingerprints[bucket] = Self.fingerprint(hash)
    }

    /// Takes the hash out; whether it was there. One of some 8,000 others is taken for it.
    mutating func remove(_ hash: UInt64) -> Bool {
        let bucket = bucket(hash)
        let wanted = Self.fingerprint(hash)
        for index in bucket..<bucket &+ Self.bucketSize
        where unsafe fingerprints[index] == wanted {
            unsafe fingerprints[index] = 0
            return true
        }
        return false
    }

    /// The bits of the hash that neither the shard nor the fingerprint is chosen by.
    private func bucket(_ hash: UInt64) -> Int {
        Int(((hash >> 16 & 0xffff_ffff) &* UInt64(bucketCount)) >> 32) &* Self.bucketSize
    }

    /// 0 is an empty place.
    private static func fingerprint(_ hash: UInt64) -> UInt16 {
        max(1, UInt16(truncatingIfNeeded: hash >> 48))
    }
}
