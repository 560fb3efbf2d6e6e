import Testing

@testable import horizond

@Suite("How much memory the cache may take")
struct CacheSizingTests {
    private static let mebi = 1 << 20
    private let sizing = CacheSizing(full: 64 * mebi, least: mebi)

    /// What the limit becomes; all in MiB.
    private func limit(present: Int, held: Int, room: Int, margin: Int = 8) -> Double {
        let limit = sizing.limit(
            present: present * Self.mebi, held: held * Self.mebi, room: room * Self.mebi,
            margin: margin * Self.mebi)
        return Double(limit) / Double(Self.mebi)
    }

    @Test("With room above the margin nothing shrinks")
    func enough() {
        #expect(limit(present: 64, held: 64, room: 8) == 64)
        #expect(limit(present: 64, held: 64, room: 1000) == 64)
    }

    @Test("It shrinks from what it holds by an eighth, or by what is missing if that is more")
    func shrinks() {
        #expect(limit(present: 64, held: 64, room: 7) == 56)
        #expect(limit(present: 64, held: 64, room: -12) == 44)
        // A limit above what is held would give nothing back.
        #expect(limit(present: 64, held: 16, room: 7) == 14)
    }

    @Test("It never goes below its least, nor grows where it should shrink")
    func least() {
        #expect(limit(present: 2, held: 2, room: -100) == 1)
        #expect(limit(present: 1, held: 0, room: -100) == 1)
        #expect(limit(present: 2, held: 4, room: 7) == 1)
    }

    @Test("It grows by a sixteenth of its full size while twice the margin is left when it is full")
    func grows() {
        #expect(limit(present: 40, held: 40, room: 20) == 44)
        #expect(limit(present: 40, held: 40, room: 19) == 40)
        // What it may hold already, and does not yet, counts.
        #expect(limit(present: 40, held: 10, room: 49) == 40)
        #expect(limit(present: 40, held: 10, room: 50) == 44)
        #expect(limit(present: 62, held: 62, room: 100) == 64)
    }

    @Test("Left alone it comes to rest: what it gains it does not give back")
    func rests() {
        let bound = 60 * Self.mebi
        let others = 10 * Self.mebi
        var present = 64 * Self.mebi
        var limits: [Int] = []
        for _ in 0..<100 {
            // It is always full.
            present = sizing.limit(
                present: present, held: present, room: bound - others - present,
                margin: 7 * Self.mebi)
            limits.append(present)
        }
        #expect(limits.suffix(50).allSatisfy { $0 == limits[99] })
        #expect(bound - others - limits[99] >= 7 * Self.mebi)
        #expect(limits[99] > 30 * Self.mebi)
    }

    @Test("Reading again takes as much for each octet, and a tenth more")
    func loadCost() {
        let cost = LoadCost(octets: 200 * Self.mebi, fileOctets: 40 * Self.mebi)
        #expect(cost.expected(fileOctets: 40 * Self.mebi) == 220 * Self.mebi)
        #expect(cost.expected(fileOctets: 20 * Self.mebi) == 110 * Self.mebi)
        #expect(LoadCost(octets: 5, fileOctets: 0).expected(fileOctets: 100) == 0)
    }

    @Test(
        "A file may say that it is as long as a number can be",
        .enabled(if: SparseFiles.isPossible), arguments: [Int.max, 1 << 62, 1 << 45])
    func longFiles(length: Int) throws {
        let files = try SparseFiles()
        let cost = LoadCost(octets: 200 * Self.mebi, fileOctets: 1)
        let paths = try ["a", "b"].map { try files.make($0, length: length) }
        let octets = LoadCost.fileOctets(paths)
        #expect(octets >= 1 << 40)
        #expect(Octets.text(cost.expected(fileOctets: octets)) == "1048576.0 MiB")
    }
}
