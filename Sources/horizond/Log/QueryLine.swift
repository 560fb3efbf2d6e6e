import Configuration
import DNS
import Foundation
import Nameserver
import Transport

/// A line of the query log: a query, its answer, and why it was answered so.
struct QueryLine: Codable, Equatable, Sendable {
    /// When the answer was sent, in seconds since 1970.
    var time: Double
    /// nil where it is hidden.
    var client: String?
    /// nil for a client in no view.
    var view: String?
    var transport: String
    /// As on the wire, other octets than visible ASCII escaped, without the final dot.
    var name: String
    var type: String
    var rcode: String
    /// The first addresses of the answer.
    var addresses: [String]
    /// How many records the answer has.
    var answers: Int
    /// Where the answer came from.
    var source: String
    var upstream: String?
    /// From the query's receipt to the answer.
    var milliseconds: Double
    var reason: String?

    /// More addresses than these are only counted.
    private static let maximumAddresses = 3
}

extension QueryLine {
    /// nil for a response without a question, which is to nobody's query. `clients` is what may be told
    /// of the client's address.
    init?(_ record: QueryRecord, clients: QueryLogSettings.Clients = .full) {
        let octets = record.response
        let message = octets.span
        var reader = MessageReader(message, at: Header.length)
        guard let header = Header(message), let question = try? reader.readQuestion() else {
            return nil
        }
        // The clocks are compared now, so that the worker needs to read one alone.
        let age = Double(MonotonicClock.now() - record.sentAt) / 1e9
        time = ((Date().timeIntervalSince1970 - age) * 1000).rounded() / 1000
        client = clients.shown(record.client).map { "\($0)" }
        view = record.snapshot.viewName(for: record.client)
        transport = record.transport.rawValue
        name = question.name.isRoot ? "." : String(question.name.description.dropLast())
        type = "\(question.type)"
        rcode = "\(header.rcode)"
        answers = Int(header.answerCount)
        addresses = Self.addresses(header, &reader)
        source = record.source.rawValue
        upstream = record.upstream.map { "\($0.address)" }
        let microseconds = Double(record.sentAt - record.receivedAt) / 1000
        milliseconds = max(0, microseconds.rounded() / 1000)
        reason = Self.reason(record, question, clients)
    }

    /// Which view, and which line of a zone or which forward rule decided. It is found out again, on
    /// the snapshot that the query was answered on: the query's own path carries no reasons.
    private static func reason(
        _ record: QueryRecord, _ question: Question, _ clients: QueryLogSettings.Clients
    ) -> String? {
        switch record.source {
        case .server, .error: return nil
        case .overlay, .zone, .cache, .stale, .upstream, .failure, .refused: break
        }
        guard let choice = record.snapshot.viewChoice(for: record.client),
            let decision = record.snapshot.decision(
                question.name, question.type, for: record.client)
        else { return "in no view" }
        if let limit = record.limit { return "view \(choice.name): \(limit.reason)" }
        // The prefix by which a view knows a client may be the client's address.
        return clients == .full ? "\(choice): \(decision)" : "view \(choice.name): \(decision)"
    }

    private static func addresses(_ header: Header, _ reader: inout MessageReader) -> [String] {
        var addresses: [String] = []
        // A response that was cut for the log ends the list.
        for _ in 0..<header.answerCount where addresses.count < maximumAddresses {
            guard let record = try? reader.readRecord() else { break }
            guard record.type == .a || record.type == .aaaa,
                let address = IPAddress(reader.message.extracting(record.rdata))
            else { continue }
            addresses.append("\(address)")
        }
        return addresses
    }
}

extension QueryLine {
    /// The name for people.
    private var shownName: String { (try? DomainName(name).lineDescription) ?? name }

    /// What came back, such as `192.168.10.50`, `NXDOMAIN` or `NOERROR, no records`.
    private var result: String {
        guard rcode == "\(RCode.noError)" else { return rcode }
        guard !addresses.isEmpty else {
            return answers == 0 ? "no records" : "\(answers) record\(answers == 1 ? "" : "s")"
        }
        let rest = answers - addresses.count
        return addresses.joined(separator: " ") + (rest > 0 ? " +\(rest)" : "")
    }

    /// The line for the journal, whose entries have their own time.
    var journalText: String {
        let from = upstream.map { "\(source) \($0)" } ?? source
        return "query \(client.map { $0 + " " } ?? "")\(shownName) \(type): \(rcode), \(answers) "
            + (answers == 1 ? "answer" : "answers")
            + "; view \(view ?? "none"), \(transport), \(from)"
    }

    /// The line for a terminal: time, client, question, result, source, duration, reason. The reason
    /// begins with the view.
    func text(colored: Bool) -> String {
        let style = TerminalStyle(isOn: colored)
        let from = upstream.map { "\(source) \($0)" } ?? source
        return [
            style.dim(Self.clock(time)), client ?? "", transport,
            style.bold("\(shownName) \(type)"), style.result(result, rcode: rcode),
            style.source(from, source),
            String(format: "%.1f ms", milliseconds), style.dim(reason ?? ""),
        ].filter { !$0.isEmpty }.joined(separator: "  ")
    }

    /// The time of day here.
    private static func clock(_ time: Double) -> String {
        let milliseconds = Int(clamping: time * 1000)
        let second = Date(timeIntervalSince1970: Double(milliseconds / 1000))
        let style = Date.ISO8601FormatStyle(timeZone: .current)
            .time(includingFractionalSeconds: false)
        return second.formatted(style) + String(format: ".%03d", milliseconds % 1000)
    }
}
