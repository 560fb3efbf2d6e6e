import DNS

extension HTTPSRecordPolicy {
    enum Outcome { case keep, remove(malformed: Bool), replace([UInt8]) }
    func outcome(rdata: Span<UInt8>, isDNSServer: Bool) -> Outcome { .keep }
}
