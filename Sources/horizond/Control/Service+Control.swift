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
        let scope: FlushScope
        if let text = request.name {
            guard let name = try? DomainName(text) else {
                return reply.fail("\(text.quoted) is no domain name")
            }
            scope = .name(name, andBelow: request.below ?? false)
        } else if request.below == true {
            return reply.fail("\"below\" needs a \"name\"")
        } else {
            scope = .everything
        }
        // A large cache takes a while.
        background.async { [self] in
            let count = shared.cache.remove(scope)
            let answers = "\(count) cached \(count == 1 ? "answer" : "answers")"
            let user = reply.user.map { " by user \($0)" } ?? ""
            log.notice("flushed \(answers)\(scope.text)\(user)", .control)
            reply.send(FlushRequest.Line(removed: count))
            reply.end()
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
        guard let name = try? DomainName(request.name) else {
            return reply.fail("\(request.name.quoted) is no domain name")
        }
        guard let client = IPAddress(request.client) else {
            return reply.fail("\(request.client.quoted) is no address")
        }
        let type = request.type.flatMap { RRType(mnemonic: $0) }
        guard type != nil || request.type == nil else {
            return reply.fail("\((request.type ?? "").quoted) is no record type")
        }
        // It waits for upstreams. Dispatch has few threads for those who wait.
        YieldingThread.run { [self] in
            let explainer = Explainer(
                Inquirer(mailbox: workers[0].mailbox), published.served.snapshot, registry,
                isFromServer: true)
            reply.send(explainer.explain(name, type, for: client))
            reply.end()
        }
    }

    private func tellQueries(_ request: LogRequest, _ reply: ControlReply<LogLine>) {
        let views = published.served.snapshot.views.map(\.name)
        if let view = request.view, !views.contains(view) {
            return reply.fail(
                "there is no view \(view.quoted); there are: \(views.joined(separator: ", "))")
        }
        var filter = QueryFilter(view: request.view)
        if let text = request.client {
            guard let client = AddressPrefix(text: text) else {
                return reply.fail("\(text.quoted) is no address and no prefix")
            }
            filter.client = client
        }
        if let text = request.name {
            guard let name = QueryFilter.NamePattern(text) else {
                return reply.fail("\(text.quoted) is no domain name")
            }
            filter.name = name
        }
        shared.queryLog.tell(
            reply, filter, last: request.last ?? 0, follow: request.follow ?? false)
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
