import DNS
import Foundation
import Glibc
import Testing

extension ServiceTests {
    /// A fifth of the million records that the figures of the documents are for. The bounds have room
    /// for a busy machine, and none for records that lie there twice.
    @Suite("A large zone", .aloneOnMachine)
    struct LargeZoneTests {
        private static let count = 200_000
        private static let configuration = "zones: {lab.example: zone.yaml}\nworkers: 1\n"

        /// Every name has the address 10.ROUND.x.y, so that an answer tells which zone it is from.
        private static func zone(round: Int) -> String {
            var text = ""
            text.reserveCapacity(count * 24)
            for number in 0..<count {
                text += "host\(number): 10.\(round).\(number >> 8 & 255).\(number & 255)\n"
            }
            return text
        }

        private static func name(_ number: Int) -> String {
            "host\(number &* 7919 % count).lab.example"
        }

        private static func start() throws -> Server {
            try Server(
                configuration, files: ["zone.yaml": zone(round: 1)],
                environment: ["SWIFT_BACKTRACE": "enable=no"])
        }

        /// The peak since this was last asked, in octets; then it counts anew.
        private static func takePeak(_ server: Server) throws -> Int {
            defer { server.forgetPeak() }
            return try server.memory("VmHWM")
        }

        @Test("takes what its records take, also at the peak of a reload and after many")
        func memory() throws {
            let small = try Server(
                Self.configuration, files: ["zone.yaml": "host0: 10.1.0.0\n"])
            let program = try small.memory()
            let server = try Self.start()
            // A record takes 73 octets with its name and slot. What the tables have in common with
            // a larger zone counts for more here, and the program for most.
            let records = try server.memory() - program
            #expect(records < Self.count * 110, "\(records / Self.count) octets a record")
            let start = try Self.takePeak(server) - program
            #expect(start < Self.count * 180, "\(start / Self.count) octets a record at the start")
            for round in 2...9 {
                if round == 2 {
                    try server.directory.write(Self.zone(round: round), to: "zone.yaml")
                }
                server.forgetPeak()
                try server.reload()
                let peak = try Self.takePeak(server) - program
                // The old records, the new ones, and what is needed to read them.
                #expect(peak < Self.count * 270, "\(peak / Self.count) octets a record")
                let isFreed = try eventually(within: .seconds(5)) {
                    try server.memory() - program < Self.count * 120
                }
                let kept = try server.memory() - program
                #expect(isFreed, "\(kept / Self.count) octets a record after round \(round)")
            }
            #expect(try server.client.ask(Self.name(1), .a).data(.a)[0].hasPrefix("10.2."))
        }

        @Test("is reloaded under load without a lost or wrong answer, and nobody waits long")
        func reload() throws {
            let server = try Self.start()
            let load = PacedLoad(
                rate: 4_000, server: Endpoint(port: server.port), isDear: { _ in true }
            ) { number in
                Question(name: try DomainName(Self.name(number)), type: .a)
            }
            pause(.milliseconds(500))
            try server.directory.write(Self.zone(round: 2), to: "zone.yaml")
            try server.reload()
            pause(.milliseconds(500))
            let count = try load.stop()
            #expect(count.sent > 2_000 && count.lost == 0 && count.failed == 0, "\(count)")
            // Reading takes some hundred milliseconds, which a worker that waited for it would show.
            #expect(count.longest < .milliseconds(300), "\(count.longest)")
            let wrong = try (0..<200).filter {
                try !server.client.ask(Self.name($0), .a).data(.a)[0].hasPrefix("10.2.")
            }
            #expect(wrong.isEmpty)
            #expect(try server.stop() == .exited(0))
        }

        @Test("that is small costs no memory, however often it is reloaded")
        func manyReloads() throws {
            let server = try Server(
                Self.configuration, files: ["zone.yaml": "'*': 192.0.2.1\nwww: 192.0.2.2\n"])
            for _ in 0..<20 { try server.reload() }
            let before = try server.memory()
            for _ in 0..<150 { try server.reload() }
            let isFlat = try eventually(within: .seconds(5)) {
                try server.memory() - before < 4 << 20
            }
            let more = try server.memory() - before
            #expect(isFlat, "\(more) octets more")
        }
    }
}

extension Server {
    /// Lets `VmHWM` count anew.
    fileprivate func forgetPeak() {
        try? "5".write(
            toFile: "/proc/\(process.pid)/clear_refs", atomically: false, encoding: .utf8)
    }
}
