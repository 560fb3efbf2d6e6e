import Configuration
import DNS
import Foundation
import Transport

/// Queries as dnstap tells them (dnstap.info): the response that the client got, with both times, and
/// in the extra text what dnstap has no fields for.
struct DnstapFrame: Sendable {
    static let contentType = "protobuf:dnstap.Dnstap"

    /// What the server calls itself.
    let identity: String
    let clients: QueryLogSettings.Clients

    // The numbers of dnstap.proto.
    private enum Field {
        static let identity: UInt64 = 1
        static let version: UInt64 = 2
        static let extra: UInt64 = 3
        static let message: UInt64 = 14
        static let type: UInt64 = 15
    }
    private enum MessageField {
        static let type: UInt64 = 1
        static let family: UInt64 = 2
        static let transport: UInt64 = 3
        static let queryAddress: UInt64 = 4
        static let querySeconds: UInt64 = 8
        static let queryNanoseconds: UInt64 = 9
        static let responseSeconds: UInt64 = 12
        static let responseNanoseconds: UInt64 = 13
        static let response: UInt64 = 14
    }
    private static let messageType: UInt64 = 1
    private static let clientResponse: UInt64 = 6

    /// Appends the query as a data frame.
    func append(_ query: LoggedQuery, to octets: inout [UInt8]) {
        var frame = ProtobufMessage()
        frame.add(Field.identity, identity)
        frame.add(Field.version, Version.line)
        frame.add(Field.extra, Self.extra(query.line))
        frame.add(Field.message, message(query.record).octets)
        frame.add(Field.type, Self.messageType)
        octets += FrameStream.header(ofLength: frame.octets.count)
        octets += frame.octets
    }

    /// `view=lan source=zone upstream=… reason=…`; the reason comes last, since it has spaces.
    private static func extra(_ line: QueryLine) -> String {
        let words: [(String, String?)] = [
            ("view", line.view), ("source", line.source), ("upstream", line.upstream),
            ("reason", line.reason),
        ]
        return words.compactMap { key, value in value.map { "\(key)=\($0)" } }
            .joined(separator: " ")
    }

    private func message(_ record: QueryRecord) -> ProtobufMessage {
        var message = ProtobufMessage()
        message.add(MessageField.type, Self.clientResponse)
        message.add(MessageField.family, record.client.isIPv4 ? 1 : 2)
        message.add(MessageField.transport, record.transport == .udp ? 1 : 2)
        if let client = clients.shown(record.client) {
            message.add(MessageField.queryAddress, client.octets)
        }
        let received = Self.wallTime(record.receivedAt)
        message.add(MessageField.querySeconds, received.seconds)
        message.add(MessageField.queryNanoseconds, fixed32: received.nanoseconds)
        let sent = Self.wallTime(record.sentAt)
        message.add(MessageField.responseSeconds, sent.seconds)
        message.add(MessageField.responseNanoseconds, fixed32: sent.nanoseconds)
        message.add(
            MessageField.response,
            clients == .full ? record.response : Self.withoutCookie(record.response))
        return message
    }

    /// The time of day of a monotonic one: the clocks are compared now.
    private static func wallTime(_ time: Int64) -> (seconds: UInt64, nanoseconds: UInt32) {
        let age = Double(MonotonicClock.now() - time) / 1e9
        let wall = max(0, Date().timeIntervalSince1970 - age)
        let seconds = wall.rounded(.down)
        return (UInt64(seconds), UInt32((wall - seconds) * 1e9))
    }

    /// The response with zeros in its DNS cookie, by which a client could be known again (RFC 7873 §7.1).
    private static func withoutCookie(_ response: [UInt8]) -> [UInt8] {
        guard let cookie = cookie(in: response.span) else { return response }
        var response = response
        for index in cookie { response[index] = 0 }
        return response
    }

    private static func cookie(in message: Span<UInt8>) -> Range<Int>? {
        guard let header = Header(message) else { return nil }
        var reader = MessageReader(message, at: Header.length)
        guard (try? reader.readQuestion()) != nil else { return nil }
        let records =
            Int(header.answerCount) + Int(header.authorityCount) + Int(header.additionalCount)
        for _ in 0..<records {
            guard let record = try? reader.readRecord() else { return nil }
            guard record.type == .opt else { continue }
            return try? EDNS(record).option(EDNSOption.cookie, in: message)
        }
        return nil
    }
}
