import Configuration
import Foundation
import Nameserver

/// What the status line says: what is served, how much is asked, and how the last reload went.
struct ServiceStatus {
    /// When the service began.
    let startedAt = Date()
    private var served: String
    private var rate: String?
    private(set) var lastReload: String?
    private(set) var reloads = ReloadCounts()
    /// How many queries there were, and when that was looked at, in nanoseconds.
    private var counted: (queries: UInt64, time: Int64)?

    init(_ configuration: Configuration) {
        served = Self.summary(configuration)
    }

    mutating func reloaded(_ configuration: Configuration) {
        served = Self.summary(configuration)
        lastReload = "last reload ok \(Self.time())"
        reloads.ended(well: true)
    }

    /// Other servers are asked, by no reload.
    mutating func nameserversChanged(_ configuration: Configuration) {
        served = Self.summary(configuration)
    }

    mutating func reloadFailed(_ errors: [String]) {
        reloads.ended(well: false)
        let others = errors.count > 1 ? " and \(errors.count - 1) more" : ""
        lastReload = "last reload FAILED \(Self.time()): \(errors.first ?? "")\(others)"
    }

    /// Notes how many queries have come since the start, at the monotonic time `now` in nanoseconds.
    mutating func counted(_ queries: UInt64, at now: Int64) {
        if let counted, now > counted.time {
            let minutes = Double(now - counted.time) / 60e9
            rate = Self.rate((Double(queries - counted.queries) / minutes).rounded())
        }
        counted = (queries, now)
    }

    var text: String { [served, rate, lastReload].compactMap { $0 }.joined(separator: "; ") }

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

    /// `1,204 q/min`.
    private static func rate(_ number: Double) -> String {
        var digits = Array(String(Int(number)))
        for index in stride(from: digits.count - 3, to: 0, by: -3) {
            digits.insert(",", at: index)
        }
        return String(digits) + " q/min"
    }

    private static func time() -> String {
        Date.now.formatted(
            Date.ISO8601FormatStyle(timeZone: .current).time(includingFractionalSeconds: false))
    }
}
