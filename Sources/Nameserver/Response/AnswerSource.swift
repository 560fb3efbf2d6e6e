/// Where a response came from. A chain of aliases has the source of its first name.
package enum AnswerSource: String, CaseIterable, Sendable {
    /// The server itself: class CH, ANY for names that are elsewhere, cookies.
    case server
    /// An overlay of the client's view.
    case overlay
    /// A zone of the client's view that is wholly here, one that the server has by itself included.
    case zone
    /// A stored answer.
    case cache
    /// A stored answer past its lifetime, since no upstream gives a newer one (RFC 8767).
    case stale
    /// An upstream that was asked for this query.
    case upstream
    /// No upstream gave an answer in time.
    case failure
    /// Refused by a rule: no view, no forward rule, a type that is not answered.
    case refused
    /// FORMERR, NOTIMP or BADVERS: no query that could be answered.
    case error

    /// Where it stands among all, for tables.
    @inline(__always)
    var number: Int {
        switch self {
        case .server: 0
        case .overlay: 1
        case .zone: 2
        case .cache: 3
        case .stale: 4
        case .upstream: 5
        case .failure: 6
        case .refused: 7
        case .error: 8
        }
    }
}
