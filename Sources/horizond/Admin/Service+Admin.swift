import Admin
import Configuration
import DNS
import Foundation
import Nameserver

/// The admin pages: what can be asked by HTTP.
extension Service {
    /// Each is answered where Swift's tasks run, on no queue of the service's. A late one may outlast the
    /// service's end, so they keep the service.
    var adminRoutes: [AdminRoute] {
        [
            AdminRoute(.get, "/health", .open, cost: .little) { _ in .text("ok") },
            AdminRoute(.get, "/ready", .open, cost: .little) { [self] in await ready($0) },
            AdminRoute(.get, "/", .read, isPage: true) { _ in .page(AdminPage.html) },
            AdminRoute(.get, "/metrics", .read, cost: .little) { [self] _ in await metrics() },
            AdminRoute(.get, "/api/status", .read) { [self] _ in await tellStatus() },
            AdminRoute(.get, "/api/history", .read) { [self] in await tellHistory($0) },
            AdminRoute(.get, "/api/top", .read) { [self] in await tellTop($0) },
            AdminRoute(.get, "/api/queries", .read) { [self] in await tellRecent($0) },
            AdminRoute(.get, "/api/explain", .read, cost: .much) { [self] in await explain($0) },
            AdminRoute(.post, "/api/flush", .write) { [self] in await flush($0) },
            AdminRoute(.post, "/api/reload", .write) { [self] _ in await reloadNow() },
        ]
    }

    /// `without=upstreams` asks for this server alone, which answers its own names also when no upstream
    /// does. The reasons have names and addresses in them, which not everyone who can connect may read.
    private func ready(_ request: AdminRequest) async -> AdminReply {
        guard request.parameters.allSatisfy({ $0 == "without" && $1 == "upstreams" }) else {
            return .error(400, "expected /ready or /ready?without=upstreams")
        }
        let problems = await readinessProblems(withUpstreams: request.parameters.isEmpty)
        guard !problems.isEmpty else { return .text("ready") }
        let reasons = request.mayRead ? problems.joined(separator: "\n") : "not ready"
        return .text(reasons, status: 503)
    }

    private func tellStatus() async -> AdminReply {
        let problems = await readinessProblems()
        let report = await statisticsReport()
        return .json(
            await onControl { [self] in
                AdminStatus(
                    statistics: ServiceStatistics(report, of: self),
                    status: status, problems: problems,
                    host: ProcessInfo.processInfo.hostName, views: configuration.views.map(\.name))
            })
    }

    private func explain(_ request: AdminRequest) async -> AdminReply {
        guard let name = request.parameters["name"] else {
            return .error(400, "\"name\" is missing: /api/explain?name=www.example.net")
        }
        let client = request.parameters["client"] ?? clientInView(request.client)
        do throws(ExplainRequest.Mistake) {
            let question = try ExplainRequest(
                name: name, type: request.parameters["type"], client: client
            ).question
            return .json(
                await withCheckedContinuation { continuation in
                    explain(question) { continuation.resume(returning: $0) }
                })
        } catch {
            return .error(400, "\(error)")
        }
    }

    /// The address that asks, if it is a client of the server's, else one of this host.
    private func clientInView(_ text: String?) -> String {
        guard let text, let address = IPAddress(text),
            published.served.snapshot.viewName(for: address) != nil
        else { return "127.0.0.1" }
        return text
    }

    private func flush(_ request: AdminRequest) async -> AdminReply {
        do throws(FlushRequest.Mistake) {
            let scope = try FlushRequest(body: request.body).scope
            let removed = await withCheckedContinuation { continuation in
                flush(scope, " by \(request.client ?? "the admin socket")") {
                    continuation.resume(returning: $0)
                }
            }
            return .json(FlushRequest.Line(removed: removed))
        } catch {
            return .error(400, "\(error)")
        }
    }

    /// Reloads as SIGHUP does, and answers when that has ended.
    private func reloadNow() async -> AdminReply {
        let errors = await withCheckedContinuation { continuation in
            control.async { [self] in
                reloadsWanted.append { continuation.resume(returning: $0) }
                reload()
            }
        }
        return errors.isEmpty
            ? .json(["reloaded": true]) : .error(422, errors.joined(separator: "\n"))
    }
}

extension FlushRequest {
    /// A JSON object, or nothing for all answers. A key that there is not is a mistake: without its name a
    /// request would flush all.
    fileprivate init(body: Data) throws(Mistake) {
        guard !body.isEmpty else {
            self.init()
            return
        }
        guard let object = try? JSONSerialization.jsonObject(with: body) as? [String: Any],
            Set(object.keys).isSubset(of: FlushRequest.keys),
            let request = try? JSONDecoder().decode(FlushRequest.self, from: body)
        else {
            throw Mistake(
                description: "expected {\"name\": \"www.example.net\", \"below\": true} or {}")
        }
        self = request
    }
}
