import Configuration
import Foundation
import Nameserver

/// What the status line says: what is served, and how the last reload went.
struct ServiceStatus {
    private var served: String
    private(set) var lastReload: String?

    init(_ configuration: Configuration) {
        served = Self.summary(configuration)
    }

    mutating func reloaded(_ configuration: Configuration) {
        served = Self.summary(configuration)
        lastReload = "last reload ok \(Self.time())"
    }

    /// Other servers are asked, by no reload.
    mutating func nameserversChanged(_ configuration: Configuration) {
        served = Self.summary(configuration)
    }

    mutating func reloadFailed(_ errors: [String]) {
        let others = errors.count > 1 ? " and \(errors.count - 1) more" : ""
        lastReload = "last reload FAILED \(Self.time()): \(errors.first ?? "")\(others)"
    }

    var text: String { [served, lastReload].compactMap { $0 }.joined(separator: "; ") }

    static func summary(_ configuration: Configuration) -> String {
        let upstreams = Set(configuration.views.flatMap { $0.forward.flatMap(\.upstreams) })
        return [
            count(configuration.zoneCount, "zone"), count(configuration.views.count, "view"),
            count(upstreams.count, "upstream"),
        ].joined(separator: ", ")
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    private static func time() -> String {
        Date.now.formatted(
            Date.ISO8601FormatStyle(timeZone: .current).time(includingFractionalSeconds: false))
    }
}
