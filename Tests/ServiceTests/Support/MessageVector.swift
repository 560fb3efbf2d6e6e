import DNS
import Foundation
import Testing

/// A message and what the server answers to it: a case of Tests/Fixtures/messages, whose files
/// explain their form.
struct MessageVector: Sendable, CustomTestStringConvertible {
    /// An answer, in which some octets may be anything.
    struct Pattern: Sendable {
        /// nil is any octet.
        var octets: [UInt8?] = []
        /// Whether any octets may follow.
        var isOpen = false
        /// What is expected in the place of an answer.
        var absence: Reaction?

        func matches(_ reaction: Reaction) -> Bool {
            guard case .answer(let answer) = reaction else { return reaction == absence }
            guard absence == nil,
                isOpen ? answer.count >= octets.count : answer.count == octets.count
            else { return false }
            return zip(octets, answer).allSatisfy { $0 == nil || $0 == $1 }
        }
    }

    /// What a server does with a message.
    enum Reaction: Equatable, CustomStringConvertible {
        case answer([UInt8])
        case silence
        /// It ends the connection.
        case close

        var description: String {
            switch self {
            case .answer(let octets):
                octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            case .silence: "no answer"
            case .close: "the connection ended"
            }
        }
    }

    let testDescription: String
    var client = "127.0.0.1"
    var message: [UInt8] = []
    var answers: [Transport: Pattern] = [:]

    static func all(_ file: String) throws -> [MessageVector] {
        let path = Server.repository + "/Tests/Fixtures/messages/\(file).txt"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try text.components(separatedBy: "\n=== ").dropFirst().map { try MessageVector($0) }
    }

    private init(_ text: String) throws {
        let lines = text.split(separator: "\n")
        testDescription = String(lines.first ?? "")
        for line in lines.dropFirst() {
            let parts = line.split(separator: " ", maxSplits: 1)
            let rest = parts.count > 1 ? parts[1] : ""
            switch parts.first {
            case "from": client = String(rest)
            case ">": message += try Self.pattern(rest).octets.compactMap { $0 }
            case "<":
                for transport in Transport.allCases { answers[transport] = try Self.pattern(rest) }
            case "<udp": answers[.udp] = try Self.pattern(rest)
            case "<tcp": answers[.tcp] = try Self.pattern(rest)
            default: throw Failure("\(testDescription): what is \(line)?")
            }
        }
        guard answers.count == Transport.allCases.count else {
            throw Failure("\(testDescription): not every answer is there")
        }
    }

    private static func pattern(_ text: Substring) throws -> Pattern {
        var pattern = Pattern()
        var rest = text
        while let first = rest.first {
            switch first {
            case " ": rest = rest.dropFirst()
            case "-":
                pattern.absence = .silence
                rest = rest.dropFirst()
            case "!":
                pattern.absence = .close
                rest = rest.dropFirst()
            case "*":
                pattern.isOpen = true
                rest = rest.dropFirst()
            case "\"":
                let quoted = rest.dropFirst().prefix { $0 != "\"" }
                pattern.octets += quoted.utf8.map { $0 }
                rest = rest.dropFirst(quoted.count + 2)
            default:
                let pair = rest.prefix(2)
                guard pair == ".." || UInt8(pair, radix: 16) != nil else {
                    throw Failure("\"\(pair)\" is no octet")
                }
                pattern.octets.append(UInt8(pair, radix: 16))
                rest = rest.dropFirst(2)
            }
        }
        return pattern
    }
}

extension Client {
    /// What comes of a message. That it is not answered is known without waiting: a question sent
    /// behind it on the same socket is answered first.
    func reaction(
        to message: [UInt8], over transport: Transport
    ) throws -> MessageVector.Reaction {
        let probe = Query(
            question: Question(name: try DomainName("probe.vanillax.me"), type: .a), id: 0xfffe)
        let socket = try Socket(transport, local: Endpoint(source, 0))
        try socket.connect(to: server)
        var answers: [[UInt8]] = []
        switch transport {
        case .udp:
            try socket.send(message)
            try socket.send(probe.octets)
            while answers.last?.prefix(2) != [0xff, 0xfe] {
                guard let answer = try socket.receive(timeout: timeout) else {
                    throw Failure("no answer to a good question behind it over UDP")
                }
                answers.append(answer)
            }
        case .tcp:
            var stream = MessageStream(socket)
            // No message is empty: one would end the connection (RFC 1035 §4.2.2).
            if !message.isEmpty { try stream.send(message) }
            try stream.send(probe.octets)
            while answers.last?.prefix(2) != [0xff, 0xfe] {
                guard let answer = try stream.receive(timeout: timeout) else {
                    return .close
                }
                answers.append(answer)
            }
        }
        guard answers.count <= 2 else {
            throw Failure("\(answers.count - 1) answers to one message")
        }
        return answers.count == 2 ? .answer(answers[0]) : .silence
    }
}
