import Configuration
import DNS
import Dispatch
import Foundation
import Nameserver

/// What the control socket's commands do.
extension Service {
    var controlCommands: [ControlCommand] {
        [
            ControlCommand { [unowned self] in flush($0, $1) },
            ControlCommand { [unowned self] in tellStatistics($0, $1) },
            ControlCommand { [unowned self] in tellQueries($0, $1) },
            ControlCommand { [unowned self] in explain($0, $1) },
            ControlCommand { [unowned self] in tellPlan($0, $1) },
        ]
    }

    private func flush(_ request: FlushRequest, _ reply: ControlReply<FlushRequest.Line>) {
        do throws(FlushRequest.Mistake) {
            let user = reply.user.map { " by user \($0)" } ?? ""
            flush(try request.scope, user) { count in
                reply.send(FlushRequest.Line(removed: count))
                reply.end()
            }
        } catch {
            reply.fail("\(error)")
        }
    }

    /// Takes cached answers out, and tells how many; the log says by `whom`.
    func flush(
        _ scope: FlushScope, _ whom: String, tell: @escaping @Sendable (Int) -> Void
    ) {
        // A large cache takes a while.
        background.async { [self] in
            let count = shared.cache.remove(scope)
            if count > 0 { cacheKeeper.saveAfterFlush() }
            let answers = "\(count) cached \(count == 1 ? "answer" : "answers")"
            log.notice("flushed \(answers)\(scope.text)\(whom)", .control)
            tell(count)
        }
    }

    private func tellStatistics(
        _ request: StatisticsRequest, _ reply: ControlReply<ServiceStatistics>
    ) {
        control.async { [self] in
            gatherStatistics { [self] report in
                reply.send(ServiceStatistics(report, of: self))
                reply.end()
            }
        }
    }

    private func explain(_ request: ExplainRequest, _ reply: ControlReply<Explanation>) {
        do throws(ExplainRequest.Mistake) {
            explain(try request.question) { explanation in
                reply.send(explanation)
                reply.end()
            }
        } catch {
            reply.fail("\(error)")
        }
    }

    /// Finds out what a client gets, and tells.
    func explain(
        _ question: ExplainRequest.Question, tell: @escaping @Sendable (Explanation) -> Void
    ) {
        // It waits for upstreams. Dispatch has few threads for those who wait.
        YieldingThread.run { [self] in
            let explainer = Explainer(
                Inquirer(mailbox: workers[0].mailbox), published.served.snapshot, registry,
                isFromServer: true)
            tell(explainer.explain(question.name, question.type, for: question.client))
        }
    }

    private func tellQueries(_ request: LogRequest, _ reply: ControlReply<LogLine>) {
        let views = published.served.snapshot.views.map(\.name)
        do throws(QueryFilter.Mistake) {
            let filter = try QueryFilter(
                view: request.view, client: request.client, name: request.name, views: views)
            shared.queryLog.tell(
                reply, filter, last: request.last ?? 0, follow: request.follow ?? false)
        } catch {
            reply.fail("\(error)")
        }
    }
}

extension FlushRequest {
    /// A request that cannot be done, in words.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    var scope: FlushScope {
        get throws(Mistake) {
            guard let text = name else {
                guard below != true else {
                    throw Mistake(description: "\"below\" needs a \"name\"")
                }
                return .everything
            }
            guard let name = try? DomainName(text) else {
                throw Mistake(description: "\(text.quoted) is no domain name")
            }
            return .name(name, andBelow: below ?? false)
        }
    }
}

extension ExplainRequest {
    /// What is asked, of which client.
    struct Question: Sendable {
        let name: DomainName
        let type: RRType?
        let client: IPAddress
    }

    typealias Mistake = FlushRequest.Mistake

    var question: Question {
        get throws(Mistake) {
            guard let domain = try? DomainName(name) else {
                throw Mistake(description: "\(name.quoted) is no domain name")
            }
            guard let address = IPAddress(client) else {
                throw Mistake(description: "\(client.quoted) is no address")
            }
            let known = type.flatMap { RRType(mnemonic: $0) }
            guard known != nil || type == nil else {
                throw Mistake(description: "\((type ?? "").quoted) is no record type")
            }
            return Question(name: domain, type: known, client: address)
        }
    }
}

extension FlushScope {
    fileprivate var text: String {
        switch self {
        case .everything: ""
        case .name(let name, let andBelow):
            " of \(name.lineDescription)\(andBelow ? " and below" : "")"
        }
    }
}

extension ControlSetting {
    private static let fileName = "control.sock"
    /// Where a server under the systemd unit has its socket.
    static let defaultPath = "/run/horizond/" + fileName

    /// Where this server's socket is; nil for none.
    var path: String? {
        switch self {
        case .off: return nil
        case .path(let path): return path
        case .standard:
            // systemd.exec(5): a list with colons.
            let directories = ProcessInfo.processInfo.environment["RUNTIME_DIRECTORY"] ?? ""
            return directories.split(separator: ":").first.map { "\($0)/\(Self.fileName)" }
        }
    }
}
