import Nameserver

/// What was told of the clients of views that follow interfaces, so that each change is told once.
struct ToldClients {
    private var clients: [String: [ViewClients.Entry]] = [:]
    private var contests: Set<String> = []

    /// Lines for what is new: the clients of views, and networks that went to another view.
    struct News: Equatable {
        fileprivate(set) var clients: [String] = []
        fileprivate(set) var contests: [String] = []
    }

    /// What has not been told yet of the clients that `views` have now.
    mutating func news(of views: [ViewDescription], _ current: ViewClients) -> News {
        var news = News()
        var told: [String: [ViewClients.Entry]] = [:]
        for (index, view) in views.enumerated() where !view.followed.isEmpty {
            told[view.name] = current.entries[index]
            let before = clients[view.name]
            guard before != current.entries[index] else { continue }
            let list = current.description(ofView: index)
            news.clients.append(
                "view \(view.name): clients are \(before == nil ? "" : "now ")\(list)")
        }
        let lines = current.contests.map { contest in
            "view \(views[contest.loser].name): \(contest.prefix) (\(contest.interface)) stays with "
                + "view \(views[contest.winner].name), which names the prefix or stands first"
        }
        news.contests = lines.filter { !contests.contains($0) }
        clients = told
        contests = Set(lines)
        return news
    }
}
