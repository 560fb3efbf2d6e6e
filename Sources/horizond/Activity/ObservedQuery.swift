import DNS
import Nameserver

/// What the lists of the page take of a query that was answered.
struct ObservedQuery: Sendable {
    /// In small letters; nil in a response to no question.
    let name: DomainName?
    let client: IPAddress
    /// nil for a client in no view.
    let view: String?
    let isRefused: Bool
    /// Whether nobody had an answer, here or upstream.
    let hasFailed: Bool
    /// How many queries it stands for, itself included.
    let weight: Int
}

extension ObservedQuery {
    init(_ record: QueryRecord) {
        let octets = record.response
        let message = octets.span
        var reader = MessageReader(message, at: Header.length)
        name = (try? reader.readQuestion())?.name.lowercased
        client = record.client
        view = record.snapshot.viewName(for: record.client)
        isRefused = record.source == .refused
        hasFailed = Header(message)?.rcode == .serverFailure
        weight = Int(record.weight)
    }
}
