/// What happens to the upstream answer to one question before it is stored. It is a part of the
/// answer's key, so that views that differ in it never share one. Of integers alone: one is made for
/// every query.
package struct AnswerPolicy: Equatable, Sendable {
    /// What becomes of HTTPS and SVCB records.
    package let httpsRecords: HTTPSRecordPolicy
    /// Stands for which private addresses are removed; 0 for none.
    let rebindProtection: UInt64

    /// The part of a cache key that says all of this.
    var identity: UInt64 {
        let number: UInt64 =
            switch httpsRecords {
            case .removeH3: 1
            case .rewriteH3: 2
            case .rewriteH3AndECH: 3
            case .remove: 4
            case .pass: 5
            }
        return number &* 0x9e37_79b9_7f4a_7c15 ^ rebindProtection
    }
}
