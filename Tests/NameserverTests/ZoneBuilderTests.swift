import DNS
import Testing

@testable import Nameserver

@Suite("A zone's builder")
struct ZoneBuilderTests {
    private static func builder(_ mode: ZoneSettings.Mode = .overlay) -> ZoneBuilder {
        ZoneBuilder(ZoneSettings(apex: Site.name("example"), mode: mode), seed: Site.seed)
    }

    private static func rdata(_ zone: Zone, _ name: String, _ type: RRType) -> [[UInt8]]? {
        guard let node = zone.node(LookupName(Site.name(name))) else { return nil }
        return zone.blocks.rrset(at: node, type: type).map(zone.allRData)
    }

    private static func address(_ number: Int) -> [UInt8] {
        [10, UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }

    @Test("finds every one of so many names that they fill several chunks")
    func manyNames() throws {
        // 100,000 names take 3 MB, their records 2.4 MB: chunks are half a megabyte. Lengths from
        // one word to 15 end chunks at every remainder.
        func name(_ number: Int) -> String {
            "n\(number)" + String(repeating: "x", count: number % 50) + ".example"
        }
        var builder = Self.builder()
        for number in 0..<100_000 {
            try builder.add(
                owner: Site.name(name(number)), type: .a, ttl: 60, rdata: Self.address(number))
        }
        let zone = try builder.build()
        #expect(zone.nameCount == 100_001)
        let wrong = (0..<100_000).filter {
            Self.rdata(zone, name($0), .a) != [Self.address($0)]
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
        #expect(Self.rdata(zone, "n100000.example", .a) == nil)
    }

    @Test("keeps all records of a name that comes again, in whatever chunk it lies")
    func namesAgain() throws {
        let long = [UInt8](repeating: 0x78, count: 60_000)
        var builder = Self.builder()
        // Three rounds over 20 names with a long record each: every round fills two chunks.
        for round in 0..<3 {
            for number in 0..<20 {
                let owner = Site.name("n\(number).example")
                try builder.add(owner: owner, type: .a, ttl: 60, rdata: Self.address(round))
                // Equal records count once.
                try builder.add(owner: owner, type: .a, ttl: 30, rdata: Self.address(0))
                let type = RRType(rawValue: UInt16(65_280 + round))
                try builder.add(
                    owner: owner, type: type, ttl: 60, rdata: long + [UInt8(number)])
            }
        }
        let zone = try builder.build()
        for number in 0..<20 {
            let name = "n\(number).example"
            #expect(Self.rdata(zone, name, .a) == (0..<3).map(Self.address))
            for round in 0..<3 {
                let type = RRType(rawValue: UInt16(65_280 + round))
                #expect(Self.rdata(zone, name, type) == [long + [UInt8(number)]])
            }
        }
    }

    @Test("holds a name that comes again to the same rules")
    func conflictsAgain() throws {
        var builder = Self.builder()
        let (alias, host) = (Site.name("alias.example"), Site.name("host.example"))
        let away = Site.name("away.example")
        try builder.add(owner: alias, type: .cname, ttl: 60, rdata: wire("host.example"))
        try builder.addPublic(owner: away)
        try builder.add(owner: host, type: .a, ttl: 60, rdata: Self.address(1))
        #expect(throws: ZoneError.cnameAndOtherData(alias)) {
            try builder.add(owner: alias, type: .a, ttl: 60, rdata: Self.address(2))
        }
        #expect(throws: ZoneError.publicAndRecords(away)) {
            try builder.add(owner: away, type: .a, ttl: 60, rdata: Self.address(2))
        }
        #expect(throws: ZoneError.publicAndRecords(host)) { try builder.addPublic(owner: host) }
        let zone = try builder.build()
        #expect(Self.rdata(zone, "alias.example", .cname) == [wire("host.example")])
        #expect(Self.rdata(zone, "alias.example", .a) == nil)
    }

    @Test("gives an RRset the lowest TTL of its records, those that came later included")
    func lowestTTL() throws {
        var builder = Self.builder()
        let owner = Site.name("www.example")
        try builder.add(owner: owner, type: .a, ttl: 300, rdata: Self.address(1))
        try builder.add(owner: Site.name("other.example"), type: .a, ttl: 60, rdata: [1, 2, 3, 4])
        try builder.add(owner: owner, type: .a, ttl: 20, rdata: Self.address(2))
        let zone = try builder.build()
        let node = try #require(zone.node(LookupName(owner)))
        let rrset = try #require(zone.blocks.rrset(at: node, type: .a))
        #expect(rrset.recordCount == 2 && zone.timeToLive(rrset) == 20)
    }

    @Test("refuses an RRset that no message holds")
    func tooLarge() throws {
        var builder = Self.builder()
        let half = [UInt8](repeating: 0, count: 40_000)
        let type = RRType(rawValue: 65_280)
        for last: UInt8 in [1, 2] {
            try builder.add(
                owner: Site.name("www.example"), type: type, ttl: 60, rdata: half + [last])
        }
        var error: ZoneError?
        do { _ = try builder.build() } catch let failure { error = failure }
        #expect(error == .tooLarge(Site.name("example")))
    }
}
