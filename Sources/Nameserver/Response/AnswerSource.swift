/// Where a response came from. A chain of aliases has the source of its first name.
package enum AnswerSource: String, CaseIterable, Sendable {
    /// The server itself: class CH, ANY for names that are elsewhere, cookies.
    case server
    /// A zone of the client's view, one that the server has by itself included.
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
}
