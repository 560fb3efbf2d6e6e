import DNS
import Foundation
import Testing

extension ServiceTests {
    @Suite("An upstream that comes and goes")
    struct FlappingTests {
        private static let length = Duration.seconds(15)

        private static let rate = 2000
        /// Every other query is for one of these, which are in the cache from the start.
        private static let dearNames = 50
        /// The others are for so many: a third of them in the cache at a time.
        private static let otherNames = 20_000

        private static func question(_ number: Int) throws -> Question {
            let isDear = isDear(number)
            let label = isDear ? "dear\(number / 16 % dearNames)" : "n\(number % otherNames)"
            return Question(name: try DomainName("\(label).example.net"), type: .a)
        }

        /// By sixteens, so that each of the load's sockets asks for both kinds.
        private static func isDear(_ number: Int) -> Bool { number / 8 % 2 == 0 }

        private static let answering: ScriptedUpstream.Script = {
            [.init($0.reply([$0.address(ttl: 1)]))]
        }

        /// What a process holds.
        struct Figures: Sendable {
            var memory = 0
            var descriptors = 0
            var threads = 0

            init(_ server: Server) throws {
                let directory = "/proc/\(server.process.pid)"
                memory = try server.memory()
                descriptors = try FileManager.default.contentsOfDirectory(
                    atPath: "\(directory)/fd"
                ).count
                threads = try FileManager.default.contentsOfDirectory(
                    atPath: "\(directory)/task"
                ).count
            }

            /// The largest of each.
            static func most(_ samples: some Collection<Figures>) -> Figures? {
                guard var most = samples.first else { return nil }
                for sample in samples {
                    most.memory = max(most.memory, sample.memory)
                    most.descriptors = max(most.descriptors, sample.descriptors)
                    most.threads = max(most.threads, sample.threads)
                }
                return most
            }
        }

        @Test("Up a second, silent or closed the next: all are answered, and nothing grows")
        func flapping() throws {
            let upstream = try ScriptedUpstream(remembers: false, Self.answering)
            let server = try Server.forwarding(
                Forwarded("example.net", upstream, settings: "cache: {max: 1}"),
                more: "cache-size: 1MiB\nlog: {errors: false}\n")
            for number in 0..<Self.dearNames {
                _ = try server.client.ask("dear\(number).example.net", .a)
            }
            let load = PacedLoad(
                rate: Self.rate, server: Endpoint(port: server.port), isDear: Self.isDear,
                Self.question)
            let samples = try Self.flap(upstream) { try Figures(server) }
            let count = try load.stop()
            #expect(count.sent > Self.rate * Int(Self.length / .seconds(1)) * 9 / 10)
            #expect(count.lost == 0 && count.longest < .seconds(4.2), "\(count)")
            #expect(count.failedDear == 0, "the last good answer stands in: \(count)")
            #expect(server.process.status == nil)
            let third = samples.count / 3
            let first = try #require(Figures.most(samples.prefix(third)))
            let last = try #require(Figures.most(samples.suffix(third)))
            // The cache fills, sockets come and go, and malloc has its ups and downs; what leaks with
            // every query is more than these in five seconds.
            #expect(last.memory <= first.memory + 6 << 20, "\(first) \(last)")
            #expect(last.descriptors <= first.descriptors + 32, "\(first) \(last)")
            #expect(last.threads <= first.threads + 2, "\(first) \(last)")
        }

        /// Takes the upstream away and brings it back for as long as the test is to last; samples
        /// what `sample` says five times a second.
        private static func flap(
            _ upstream: ScriptedUpstream, _ sample: () throws -> Figures
        ) throws -> [Figures] {
            let start = ContinuousClock.now
            var samples: [Figures] = []
            var second = 0
            while ContinuousClock.now - start < length {
                switch second % 4 {
                case 1: upstream.change { _ in [] }
                case 3: upstream.close()
                default:
                    upstream.change(answering)
                    if second % 4 == 0, second > 0 { try upstream.open() }
                }
                second += 1
                while ContinuousClock.now - start < .seconds(second) {
                    pause(.milliseconds(200))
                    samples.append(try sample())
                }
            }
            if second % 4 == 0 { try upstream.open() }
            return samples
        }
    }
}
