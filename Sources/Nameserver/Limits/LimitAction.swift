/// What a limit did to a query.
package enum LimitAction: Int, CaseIterable, Sendable {
    // `rate-limit`.
    case queryDropped, queryCut, queryRefused
    // `response-rate-limit`, and the limit of refusals to clients in no view.
    case responseDropped, responseCut
    /// Its client has too many queries that wait for upstreams.
    case waitingRefused
}
