import DNS
import Foundation
import Synchronization
import Testing

extension ServiceTests {
    @Suite(
        "The wire with faults that other tests use",
        .enabled(if: NetworkNamespace.isPermitted, NetworkNamespace.need))
    struct FaultyLinkTests {
        /// Two hosts, and what the right one says about datagrams of numbers that it was sent.
        private struct Scene {
            let left: NetworkNamespace
            let right: NetworkNamespace
            let link: FaultyLink

            init(seed: UInt64 = 1) throws {
                left = try NetworkNamespace()
                right = try NetworkNamespace()
                // Nothing is on the wire but what the test sends.
                for network in [left, right] {
                    try network.set("net/ipv6/conf/default/disable_ipv6", to: "1")
                }
                link = try FaultyLink(left: (left, "end0"), right: (right, "end0"), seed: seed)
                try left.ip("addr add 10.9.0.1/24 dev end0")
                try right.ip("addr add 10.9.0.2/24 dev end0")
            }

            private static let target = Endpoint(.v4(0x0a09_0002), 7007)

            /// Sends `count` numbers to the right, `pace` apart, and gives those that arrived in their
            /// order, with the time that each was under way.
            func send(
                _ count: Int, octets: Int = 1000, pace: Duration = .microseconds(500)
            ) throws -> [(number: Int, time: Duration)] {
                let receiver = try right.inside {
                    let socket = try Socket(.udp, local: Self.target)
                    try socket.set(SOL_SOCKET, SO_RCVBUF, 8 << 20)
                    return socket
                }
                let arrivals = Background { [receiver] in
                    var arrivals: [(Int, ContinuousClock.Instant)] = []
                    // The link holds no frame for longer than that in these tests.
                    while let octets = try receiver.receive(timeout: .seconds(1)) {
                        arrivals.append((Int(octets[0]) << 8 | Int(octets[1]), .now))
                    }
                    return arrivals
                }
                let sender = try left.inside {
                    let socket = try Socket(.udp, local: Endpoint(.v4(0x0a09_0001), 0))
                    try socket.connect(to: Self.target)
                    return socket
                }
                var departures: [ContinuousClock.Instant] = []
                for number in 0..<count {
                    var message = [UInt8](repeating: 0, count: octets)
                    message[0] = UInt8(number >> 8)
                    message[1] = UInt8(number & 0xff)
                    departures.append(.now)
                    try sender.send(message)
                    pause(pace)
                }
                return try arrivals.value.map { ($0.0, $0.1 - departures[$0.0]) }
            }
        }

        @Test("A link without faults passes everything, in order, with checksums that hold")
        func faultless() throws {
            let scene = try Scene()
            let arrivals = try scene.send(1000, octets: 1472)
            #expect(arrivals.map(\.number) == Array(0..<1000))
            let counts = try scene.link.counts(from: .left)
            #expect(counts.received == counts.delivered && counts.received >= 1000)
            #expect(counts.longest == 1514 && counts.fragments == 0, "\(counts)")
            let broken = try scene.right.inside { try kernelCounter("Udp", "InCsumErrors") }
            #expect(broken == 0)
        }

        @Test("It loses and duplicates as many frames as it was told, the same ones for a seed")
        func lossAndDuplication() throws {
            let outcomes = try sideBySide([1, 1, 2]) { (seed: UInt64) in
                let scene = try Scene(seed: seed)
                try scene.link.set(.init(loss: 0.3, duplication: 0.1), from: .left)
                return (try scene.send(2000).map(\.number), try scene.link.counts(from: .left))
            }
            for (numbers, counts) in outcomes {
                // Five times the standard deviation.
                #expect((549...651).contains(2000 - Set(numbers).count), "lost")
                #expect((80...200).contains(numbers.count - Set(numbers).count), "twice")
                #expect(counts.lost == 2000 - Set(numbers).count)
                #expect(counts.duplicated == numbers.count - Set(numbers).count)
                #expect(counts.overrun == 0 && counts.refused == 0)
            }
            #expect(outcomes[0].0 == outcomes[1].0)
            #expect(outcomes[0].0 != outcomes[2].0)
        }

        @Test("It holds frames as long as it was told, one way, and keeps their order")
        func delay() throws {
            let scene = try Scene()
            try scene.link.set(
                .init(delay: .milliseconds(200), jitter: .milliseconds(50)), from: .left)
            let arrivals = try scene.send(300, pace: .milliseconds(2))
            #expect(arrivals.map(\.number) == Array(0..<300))
            let times = arrivals.map(\.time).sorted()
            #expect(times[0] >= .milliseconds(150))
            #expect(times[299] < .milliseconds(300), "250 and what the machine takes")
            #expect(times[150] > .milliseconds(195), "they wait for those before them")
        }

        @Test("It has frames pass others when it was told so")
        func reordering() throws {
            let scene = try Scene()
            try scene.link.set(.init(reordering: 0.1), from: .left)
            let numbers = try scene.send(1000).map(\.number)
            #expect(numbers.sorted() == Array(0..<1000))
            let passed = zip(numbers, numbers.dropFirst()).count { $0 > $1 }
            #expect((50...150).contains(passed), "\(passed)")
        }

        @Test("The faults change while it runs, each direction by itself")
        func change() throws {
            let scene = try Scene()
            try scene.link.set(.init(loss: 1))
            #expect(try scene.send(50).isEmpty)
            try scene.link.set(.init(), from: .left)
            #expect(try scene.send(50).count == 50)
            #expect(try scene.link.counts(from: .left).lost == 50)
        }

        @Test("A stream of TCP passes whole through loss, delay, reordering and duplication")
        func stream() throws {
            let scene = try Scene()
            try scene.link.set(
                .init(
                    loss: 0.05, reordering: 0.05, duplication: 0.05, delay: .milliseconds(5),
                    jitter: .milliseconds(2)))
            let target = Endpoint(.v4(0x0a09_0002), 7008)
            let listener = try scene.right.inside {
                let socket = try Socket(.tcp, local: target)
                try socket.listen()
                return socket
            }
            let received = Background {
                guard let connection = try listener.accept(timeout: .seconds(5)) else {
                    return [UInt8]()
                }
                var octets: [UInt8] = []
                while let more = try connection.receive(timeout: .seconds(10)), !more.isEmpty {
                    octets += more
                }
                return octets
            }
            let sent = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 8) }
            try scene.left.inside {
                let socket = try Socket(.tcp, local: Endpoint(.v4(0x0a09_0001), 0))
                try socket.connect(to: target)
                try socket.send(sent)
                try socket.closeHalf()
                _ = try socket.receive(timeout: .seconds(10))
            }
            #expect(try received.value == sent)
            #expect(try scene.link.counts(from: .left).longest <= 1514)
        }
    }
}
