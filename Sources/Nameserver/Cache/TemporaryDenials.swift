import DNS

extension ResponseCache {
    func storeDenial(
        _ image: [UInt8], lifetime: UInt32, _ name: LookupName, _ key: AnswerKey.Parameters,
        now: Int64
    ) {
        store(image, lifetime: lifetime, name, key, now: now)
    }

    func copyDenial(
        _ name: LookupName, _ key: AnswerKey.Parameters, now: Int64, to scratch: AnswerScratch
    ) -> (hit: CacheHit, label: Int)? { nil }
}
