import FlyingFox
import Foundation
import Synchronization

/// Checks a request, finds its route and has it answered.
final class AdminHandler: Sendable {
    private let routes: [String: [AdminRoute]]
    private let access: Mutex<AdminAccess>
    private let pace = RequestPace(
        perSecond: AdminLimits.requestsPerSecond, burst: AdminLimits.requestsAtOnce)
    private let some = AnswerCount(limit: AdminLimits.openAnswers)
    private let much = AnswerCount(limit: AdminLimits.openLongAnswers)

    init(_ routes: [AdminRoute], _ access: AdminAccess) {
        self.routes = Dictionary(grouping: routes, by: \.path)
        self.access = Mutex(access)
    }

    /// These rules hold from the next request on.
    func set(_ access: AdminAccess) { self.access.withLock { $0 = access } }

    func answer(_ request: HTTPRequest, over reach: AdminListener.Reach) async -> HTTPResponse {
        await pace.wait()
        let path = request.target.path()
        guard let routes = routes[path] else {
            return response(.error(404, "there is no page \(path)"))
        }
        let method = request.method == .HEAD ? "GET" : request.method.rawValue
        guard let route = routes.first(where: { $0.method.rawValue == method }) else {
            var response = response(.error(405, "\(path) does not take \(method)"))
            response.headers[HTTPHeader("Allow")] = Self.methods(routes)
            return response
        }
        let access = access.withLock { $0 }
        var asking = AdminAccess.Request(request, to: route, over: reach)
        if let refusal = access.refusal(of: asking) {
            var response = response(.error(refusal.status, refusal.text))
            response.headers[HTTPHeader("WWW-Authenticate")] = refusal.challenge
            return response
        }
        guard let parameters = Self.parameters(request.target.query()),
            let body = try? await request.bodyData
        else { return response(.error(400, "the query of the address is not well-formed")) }
        asking.access = .read
        let asked = AdminRequest(
            parameters: parameters, body: body, client: request.remoteAddress?.ip,
            mayRead: access.refusal(of: asking) == nil)
        return response(await reply(of: route, to: asked))
    }

    /// What the route says, or that it says nothing in time.
    private func reply(of route: AdminRoute, to request: AdminRequest) async -> AdminReply {
        let count = count(of: route.cost)
        guard count?.begin() ?? true else { return .error(503, "too much is being answered") }
        let reply = await result(within: .seconds(AdminLimits.answerSeconds)) {
            defer { count?.end() }
            return await route.answer(request)
        }
        return reply ?? .error(503, "no answer in \(AdminLimits.answerSeconds) seconds")
    }

    /// nil for what is not counted.
    private func count(of cost: AdminRoute.Cost) -> AnswerCount? {
        switch cost {
        case .little: nil
        case .some: some
        case .much: much
        }
    }

    func response(_ reply: AdminReply) -> HTTPResponse {
        var headers: HTTPHeaders = [.contentType: reply.contentType]
        for (header, value) in SecurityHeaders.always { headers[header] = value }
        headers[SecurityHeaders.policy] = SecurityHeaders.contentPolicy(nonce: reply.nonce)
        return HTTPResponse(
            statusCode: HTTPStatusCode(reply.status, phrase: Self.phrase(reply.status)),
            headers: headers, body: reply.body)
    }

    /// The parameters of a query, the first of each name; nil when it is not percent-encoded as it should.
    static func parameters(_ query: String) -> [String: String]? {
        var parameters: [String: String] = [:]
        for part in query.split(separator: "&") {
            let pair = part.replacing("+", with: " ").split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = String(pair[0]).removingPercentEncoding,
                let value = pair.count > 1 ? String(pair[1]).removingPercentEncoding : ""
            else { return nil }
            if parameters[name] == nil { parameters[name] = value }
        }
        return parameters
    }

    private static func methods(_ routes: [AdminRoute]) -> String {
        var methods = routes.map(\.method.rawValue)
        if methods.contains("GET") { methods.append("HEAD") }
        return methods.joined(separator: ", ")
    }

    /// Of the statuses that there are here; nobody reads it but people.
    private static func phrase(_ status: Int) -> String { phrases[status] ?? "Error" }

    private static let phrases = [
        200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 411: "Length Required", 413: "Content Too Large",
        414: "URI Too Long", 421: "Misdirected Request", 422: "Unprocessable Content",
        431: "Request Header Fields Too Large", 503: "Service Unavailable",
        505: "HTTP Version Not Supported",
    ]
}

extension AdminAccess.Request {
    fileprivate init(
        _ request: HTTPRequest, to route: AdminRoute, over reach: AdminListener.Reach
    ) {
        self.init(
            reach: reach, access: route.access, isForPage: route.isPage,
            host: request.headers[.host], origin: request.headers[.origin],
            fetchSite: request.headers[.secFetchSite],
            fetchMode: request.headers[.secFetchMode],
            fetchDestination: request.headers[.secFetchDest],
            authorization: request.headers[.authorization])
    }
}

extension HTTPRequest.Address {
    fileprivate var ip: String? {
        switch self {
        case .ip4(let address, _), .ip6(let address, _): address
        case .unix: nil
        }
    }
}
