import FlyingFox
import Foundation

/// Finds the route of a request and has it answered.
struct AdminHandler: Sendable {
    private let routes: [String: [AdminRoute]]

    init(_ routes: [AdminRoute]) {
        self.routes = Dictionary(grouping: routes, by: \.path)
    }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let isHead = request.method == .HEAD
        let path = request.target.path()
        guard let routes = routes[path] else {
            return response(.error(404, "there is no page \(path)"))
        }
        let method = isHead ? "GET" : request.method.rawValue
        guard let route = routes.first(where: { $0.method.rawValue == method }) else {
            var response = response(.error(405, "\(path) does not take \(method)"))
            response.headers[HTTPHeader("Allow")] = Self.methods(routes)
            return response
        }
        guard let parameters = Self.parameters(request.target.query()),
            let body = try? await request.bodyData
        else { return response(.error(400, "the query of the address is not well-formed")) }
        return response(await route.answer(AdminRequest(parameters: parameters, body: body)))
    }

    func response(_ reply: AdminReply) -> HTTPResponse {
        HTTPResponse(
            statusCode: HTTPStatusCode(reply.status, phrase: Self.phrase(reply.status)),
            headers: [
                .contentType: reply.contentType,
                HTTPHeader("Cache-Control"): "no-store",
                HTTPHeader("X-Content-Type-Options"): "nosniff",
            ],
            body: reply.body)
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
        200: "OK", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
        404: "Not Found", 405: "Method Not Allowed", 411: "Length Required",
        413: "Content Too Large", 414: "URI Too Long", 421: "Misdirected Request",
        422: "Unprocessable Content", 431: "Request Header Fields Too Large",
        503: "Service Unavailable", 505: "HTTP Version Not Supported",
    ]
}
