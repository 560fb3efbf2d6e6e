/// What a limit did to a query.
package enum LimitAction: Int, CaseIterable, Sendable {
    // `rate-limit`.
    case queryDropped, queryCut, queryRefused
    // `response-rate-limit`, and the limit of refusals to clients in no view.
    case responseDropped, responseCut
    /// Its client has too many queries that wait for upstreams.
    case waitingRefused

    /// Why a query was dropped, cut or refused, for people.
    package var reason: String {
        switch self {
        case .queryDropped, .queryCut, .queryRefused: "over its rate-limit"
        case .responseDropped, .responseCut: "over its response-rate-limit"
        case .waitingRefused: "too many of its queries wait for upstreams"
        }
    }
}
