import DNS
import Foundation
import Testing

@testable import Nameserver

@Suite("The cache's size while it serves")
struct CacheSizeTests {
    /// Names of which each has been asked for so often.
    private func names(_ prefix: String, _ count: Int) -> [String] {
        (0..<count).map { "\(prefix)-\($0).example" }
    }

    @Test("Smaller, it keeps what was asked for often, whole and with its age")
    func keepsPopular() {
        let bare = BareCache(size: 1 << 20)
        let popular = names("popular", 300)
        for (index, name) in popular.enumerated() {
            bare.store(name, [UInt8](repeating: UInt8(index % 251), count: 80))
        }
        bare.flood(2000)
        for name in popular { _ = bare.ask(name) }
        bare.advance(seconds: 7)
        let before = bare.cache.statistics
        bare.cache.resize(to: 1 << 18)
        #expect(bare.cache.limit == 1 << 18)
        #expect(bare.cache.statistics.octets <= 1 << 18)
        #expect(before.octets > 1 << 18)
        #expect(bare.cache.statistics.insertions == before.insertions)
        #expect(
            bare.cache.statistics.evictions - before.evictions
                == UInt64(before.entries - bare.cache.count))
        for (index, name) in popular.enumerated() {
            #expect(bare.ask(name)?.age == 7)
            let isWhole = bare.copied == [UInt8](repeating: UInt8(index % 251), count: 80)
            #expect(isWhole)
        }
    }

    @Test("Of what nobody asked for again the newest stays")
    func keepsNewest() {
        let bare = BareCache(size: 1 << 20)
        bare.flood(3000)
        bare.cache.resize(to: 1 << 18)
        #expect((0..<300).allSatisfy { bare.ask("once-\($0).example") == nil })
        let kept = (2700..<3000).count { bare.ask("once-\($0).example") != nil }
        #expect(kept > 270)
    }

    @Test("Larger again, it holds all that it held and has room for more")
    func grows() {
        let bare = BareCache(size: 1 << 20)
        bare.cache.resize(to: 1 << 18)
        bare.flood(8000)
        let held = bare.cache.count
        bare.cache.resize(to: 1 << 20)
        #expect(bare.cache.count == held)
        bare.flood(8000, from: 8000)
        #expect(bare.cache.count > 3 * held)
    }

    @Test("It may begin with less than it may take, and has no more memory")
    func smallerAtFirst() throws {
        // In address space, which is taken at once; what is used of it comes later.
        let address = try Self.addressSpace()
        let cache = ResponseCache(size: 64 << 30, limit: 8 << 20, seed: 1)
        #expect(try Self.addressSpace() - address < 1 << 30)
        #expect(cache.limit == 8 << 20 && cache.leastLimit == 1 << 20)
        cache.resize(to: 16 << 20)
        #expect(cache.limit == 16 << 20)
        #expect(ResponseCache(size: 1 << 20, limit: -5, seed: 1).limit == 1 << 20)
        #expect(ResponseCache(size: 4 << 20, limit: -5, seed: 1).limit == 1 << 20)
    }

    private static func addressSpace() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (Int(pages.prefix { $0 != " " }) ?? 0) * 4096
    }

    @Test("The limit stays between the least and the full size")
    func bounds() {
        let bare = BareCache(size: 1 << 20)
        bare.cache.resize(to: 0)
        #expect(bare.cache.limit == bare.cache.leastLimit)
        bare.flood(2000)
        bare.storeDenial("gone.example")
        #expect(bare.denial("below.gone.example") == 1)
        #expect(bare.cache.statistics.octets <= bare.cache.leastLimit)
        bare.cache.resize(to: .max)
        #expect(bare.cache.limit == 1 << 20)
        #expect(bare.denial("below.gone.example") == 1)
    }

    @Test("Denials that had to go are looked for no more")
    func denials() {
        let bare = BareCache(size: 1 << 20)
        for number in 0..<4000 { bare.storeDenial("gone-\(number).example") }
        bare.cache.resize(to: bare.cache.leastLimit)
        let left = (0..<4000).count { bare.denial("gone-\($0).example") != nil }
        #expect(left == bare.cache.count)
        #expect(bare.cache.remove(.everything) == left)
        #expect(bare.denial("gone-3999.example") == nil)
    }
}
