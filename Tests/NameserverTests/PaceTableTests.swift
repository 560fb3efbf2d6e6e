import DNS
import Dispatch
import Synchronization
import Testing

@testable import Nameserver

@Suite("The table of paces")
struct PaceTableTests {
    private let table = PaceTable(secret: SipHash.Key(low: 3, high: 4))
    private let second: Int64 = 1_000_000_000

    private func admitted(
        _ count: Int, _ number: UInt64, _ pace: PaceTable.Pace, now: Int64
    ) -> Int {
        (0..<count).count { _ in table.admits(number, pace, now: now) }
    }

    @Test("lets a burst through, then so many a second")
    func burst() {
        let pace = PaceTable.Pace(rate: 100, burst: 30)
        #expect(admitted(50, 7, pace, now: second) == 30)
        #expect(admitted(50, 7, pace, now: second + second / 10) == 10)
        // Ten seconds make no more than a burst.
        #expect(admitted(50, 7, pace, now: 12 * second) == 30)
    }

    @Test("knows one number from another")
    func numbers() {
        let pace = PaceTable.Pace(rate: 1, burst: 1)
        for number in UInt64(1)...1000 {
            #expect(table.admits(number << 48 | number, pace, now: second))
        }
        #expect(!table.admits(5 << 48 | 5, pace, now: second))
    }

    @Test("holds the highest rate to a hundredth")
    func highRate() {
        let pace = PaceTable.Pace(rate: 100_000, burst: 1)
        var count = 0
        for microsecond in Int64(0)..<100_000
        where table.admits(9, pace, now: second + microsecond * 1000) {
            count += 1
        }
        #expect((9_900...10_200).contains(count))
    }

    /// Of each of the set's 8 entries more than one number wants to have it.
    @Test("forgets in a full set who does least, not who does most")
    func fullSet() {
        let pace = PaceTable.Pace(rate: 10, burst: 20)
        let busy: UInt64 = 1 << 48
        #expect(admitted(40, busy, pace, now: second) == 20)
        for other in UInt64(2)...500 {
            #expect(table.admits(other << 48, pace, now: second))
        }
        #expect(!table.admits(busy, pace, now: second))
    }

    @Test("goes on when the clock of its entries begins anew, and after a long pause")
    func longPauses() {
        let pace = PaceTable.Pace(rate: 10, burst: 3)
        // 2^48 ticks of 128 ns.
        let turn: Int64 = 1 << 55
        for start in [turn / 2 - 1000, turn - 1000, turn, 2 * turn - 1000] {
            #expect(admitted(9, 11, pace, now: start) == 3)
            #expect(!table.admits(11, pace, now: start + 2000))
            #expect(table.admits(11, pace, now: start + second / 10 + 2000))
        }
        // What is half a turn old looks as if it was to come.
        let fresh: UInt64 = 12
        #expect(admitted(9, fresh, pace, now: second) == 3)
        #expect(table.admits(fresh, pace, now: second + turn / 2 + second))
    }

    @Test("holds for all threads together")
    func threads() {
        let pace = PaceTable.Pace(rate: 1, burst: 1000)
        let count = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<1000 where table.admits(13, pace, now: second) {
                count.add(1, ordering: .relaxed)
            }
        }
        // One that was overtaken eight times in a row is let through uncounted.
        #expect((1000...1010).contains(count.load(ordering: .relaxed)))
    }

    @Test("tells prefixes, their lengths and purposes apart, and its secret decides how")
    func prefixes() throws {
        let other = PaceTable(secret: SipHash.Key(low: 3, high: 5))
        let prefixes = try ["10.0.0.0/24", "10.0.0.0/25", "10.0.1.0/24", "::/0", "fd00::/8"].map {
            try #require(Self.prefix($0))
        }
        var numbers: Set<UInt64> = []
        for prefix in prefixes {
            for purpose in UInt64(0)...1 {
                for detail in UInt64(0)...1 {
                    numbers.insert(table.number(of: prefix, for: purpose, detail))
                    numbers.insert(other.number(of: prefix, for: purpose, detail))
                }
            }
        }
        #expect(numbers.count == prefixes.count * 8)
    }

    private static func prefix(_ text: String) -> AddressPrefix? {
        let parts = text.split(separator: "/")
        guard let address = IPAddress(parts[0]), let length = Int(parts[1]) else { return nil }
        return AddressPrefix(containing: address, length: length)
    }

    @Test("takes names of any spelling and length for what they are")
    func digests() {
        func digest(_ text: String) -> UInt64 {
            let octets = Array(text.utf8)
            return table.digest(octets.span, ignoringCase: true)
        }
        #expect(digest("wWw.example") == digest("www.EXAMPLE"))
        let lengths = (0...40).map { digest(String(repeating: "a", count: $0)) }
        #expect(Set(lengths).count == 41)
        #expect(digest("abcdefgh-1") != digest("abcdefgh-2"))
    }
}

@Suite("The shares of clients in what may wait")
struct ClientSharesTests {
    private let shares = ClientShares(secret: SipHash.Key(low: 3, high: 4))

    private func share(_ client: IPAddress) -> ClientShares.Share {
        shares.share(of: client, isProven: false)
    }

    @Test("are counted for each client, up and down")
    func counts() throws {
        let (one, other) = (share(.v4(0x0a00_0001)), share(.v4(0x0a00_0002)))
        for _ in 0..<3 { shares.begin(one) }
        #expect(shares.count(one) == 3 && shares.count(other) == 0)
        shares.end(one)
        #expect(shares.count(one) == 2)
    }

    @Test("are those of single hosts, also of one IPv6 network")
    func hosts() {
        shares.begin(share(.v6(0xfd00_0010_0000_0000, 5)))
        #expect(shares.count(share(.v6(0xfd00_0010_0000_0000, 5))) == 1)
        #expect(shares.count(share(.v6(0xfd00_0010_0000_0000, 6))) == 0)
    }

    @Test("are counted apart for what may be forged")
    func forged() {
        for _ in 0..<100 { shares.begin(share(.v4(0x0a00_0001))) }
        #expect(shares.count(shares.share(of: .v4(0x0a00_0001), isProven: true)) == 0)
    }

    @Test("leave nearly everybody alone, however many are busy")
    func collisions() {
        for address in UInt32(0)..<500 {
            for _ in 0..<100 { shares.begin(share(.v4(0x0a00_0000 + address))) }
        }
        let shared = (UInt32(0)..<10_000).count {
            shares.count(share(.v4(0xc000_0000 + $0))) > 0
        }
        // 500 of 16,384 places of each row: (1/33)^2 of 10,000 are some nine.
        #expect(shared < 40)
    }
}
