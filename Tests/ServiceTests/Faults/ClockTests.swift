import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    @Suite("Clocks that jump", .aloneOnMachine)
    struct ClockTests {
        private static let name = "www.example.net"

        private static func configuration(_ path: String, _ upstream: ScriptedUpstream) -> String {
            """
            cache-file: \(path)
            forward: {.: {to: "127.0.0.1:\(upstream.port)", cache: {max: 1d}}}

            """
        }

        /// The server cookie's time (RFC 9018 §4.3) in an answer to one who has the cookie `known`.
        private static func cookie(
            _ client: Client, known: [UInt8] = []
        ) throws -> (octets: [UInt8], time: UInt32) {
            let own = Array("12345678".utf8)
            let query = Query(
                question: Question(name: try DomainName(name), type: .a),
                options: [MessageOption(code: MessageOption.cookie, data: own + known)])
            let response = try client.ask(query)
            #expect(response.rcode == .noError)
            let data = try #require(
                response.options.first { $0.code == MessageOption.cookie }?.data)
            try #require(data.count == 24 && data.prefix(8) == own[...])
            return (Array(data[8...]), data[12..<16].reduce(0) { $0 << 8 | UInt32($1) })
        }

        @Test(
            "The time of day may jump by years: cached answers age as ever, and cookies are new ones"
        )
        func timeOfDay() throws {
            let directory = try TemporaryDirectory()
            let upstream = try ScriptedUpstream.answering(ttl: 300)
            let clocks = try ShiftedClocks()
            let server = try Server(
                Self.configuration(directory.file("cache"), upstream),
                environment: clocks.environment)
            _ = try server.client.ask(Self.name, .a)
            var (known, time) = try Self.cookie(server.client)
            let pulse = Pulse(server.client, Self.name)
            for years in [3, -5, 20, 0] {
                try clocks.shift(timeOfDay: ShiftedClocks.year * years)
                let ttl = try #require(try server.client.ask(Self.name, .a).answer.first?.ttl)
                #expect((280...300).contains(ttl), "\(ttl)")
                _ = try server.client.ask("n\(years).example.net", .a)
                let (cookie, then) = try Self.cookie(server.client, known: known)
                let passed = Int64(then) - Int64(time)
                #expect(cookie != known && abs(passed) > 2 * 365 * 86_400, "\(passed) s")
                (known, time) = (cookie, then)
                pause(.milliseconds(100))
            }
            let figures = try pulse.stop()
            #expect(figures.areCalm, "\(figures)")
            #expect(try upstream.received(Self.name).count == 1)
            #expect(try server.stop() == .exited(0))
        }

        @Test(
            "A cache's file of the future is loaded as if it were of now, one of years ago is old")
        func cacheFile() throws {
            let directory = try TemporaryDirectory()
            let upstream = try ScriptedUpstream.answering(ttl: 300)
            let configuration = Self.configuration(directory.file("cache"), upstream)
            for (years, count) in [(-5, 1), (5, 0)] {
                let clocks = try ShiftedClocks()
                let first = try Server(configuration, environment: clocks.environment)
                _ = try first.client.ask(Self.name, .a)
                #expect(try first.stop() == .exited(0))
                try clocks.shift(timeOfDay: ShiftedClocks.year * years)
                let second = try Server(configuration, environment: clocks.environment)
                #expect(
                    second.log.contains("loaded \(count) cached answer"), "\(second.log)")
                let ttl = try #require(try second.client.ask(Self.name, .a).answer.first?.ttl)
                #expect((280...300).contains(ttl), "\(ttl)")
                #expect(try second.stop() == .exited(0))
                try directory.remove("cache")
            }
        }

        @Test("What was cached before eight hours of suspend is not good after them")
        func suspend() throws {
            let directory = try TemporaryDirectory()
            let upstream = try ScriptedUpstream.answering(ttl: 3600)
            let clocks = try ShiftedClocks()
            let server = try Server(
                Self.configuration(directory.file("cache"), upstream),
                environment: clocks.environment)
            _ = try server.client.ask(Self.name, .a)
            _ = try server.client.ask(Self.name, .a)
            #expect(try upstream.received(Self.name).count == 1)
            // Nothing but these two goes on while a machine sleeps.
            try clocks.shift(timeOfDay: .seconds(8 * 3600), sinceBoot: .seconds(8 * 3600))
            let ttl = try #require(try server.client.ask(Self.name, .a).answer.first?.ttl)
            #expect((3500...3600).contains(ttl), "\(ttl)")
            #expect(try upstream.received(Self.name).count == 2)
            #expect(try server.stop() == .exited(0))
        }
    }
}
