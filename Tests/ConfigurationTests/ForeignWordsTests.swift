import Testing

@testable import Configuration

@Suite("Other servers' words")
struct ForeignWordsTests {
    @Test(
        "A key in another spelling is that key",
        arguments: ["cache_size", "cacheSize", "CACHE_SIZE", "Cache Size", "CacheSize"])
    func spelling(word: String) {
        #expect(
            ForeignWords.meaning(of: word, among: ["cache-file", "cache-size"]) == "\"cache-size\"")
    }

    @Test("One word means another key at another place")
    func places() {
        #expect(ForeignWords.meaning(of: "upstreams", among: ["to", "policy"]) == "\"to\"")
        #expect(
            ForeignWords.meaning(of: "upstreams", among: ["zones", "forward"]) == "\"forward\"")
        #expect(ForeignWords.meaning(of: "upstreams", among: ["file", "records"]) == nil)
    }

    @Test("A key of another section is looked for there")
    func homes() {
        #expect(ForeignWords.home(of: "clients") == "\"clients\" in a view of \"views\"")
        #expect(
            ForeignWords.home(of: "serveStale") == "\"stale\" in \"cache\" of a rule of \"forward\""
        )
        #expect(ForeignWords.home(of: "dhcp") == nil)
    }
}
