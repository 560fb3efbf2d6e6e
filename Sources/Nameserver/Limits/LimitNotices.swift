package import DNS

/// Clients that do not get all their answers because of a limit, for the log. Owned by the worker's queue.
package struct LimitNotices: Sendable {
    /// A client that a limit holds back.
    package struct Notice: Hashable, Sendable {
        package let client: IPAddress
        /// nil for one in no view.
        package let view: String?
        /// The limit, in words (`LimitAction.reason`).
        package let reason: String
    }

    /// So many clients of one round are told of; in a flood the next one has the others.
    private static let maximumClients = 8

    private var notices: [Notice] = []

    mutating func note(
        _ client: IPAddress, view: @autoclosure () -> String?, _ action: LimitAction
    ) {
        guard notices.count < Self.maximumClients,
            !notices.contains(where: { $0.client == client })
        else { return }
        notices.append(Notice(client: client, view: view(), reason: action.reason))
    }

    /// The clients since the last call.
    package mutating func take() -> [Notice] {
        guard !notices.isEmpty else { return [] }
        defer { notices.removeAll(keepingCapacity: true) }
        return notices
    }
}

extension LimitNotices.Notice: CustomStringConvertible {
    package var description: String {
        guard let view else { return "\(client), in no view, is refused too often to be told" }
        return "\(client), view \(view), is not always answered: \(reason)"
    }
}
