import DNS
import Testing

@Suite("LOC records")
struct LocationTests {
    private static func canonical(_ text: String) throws -> String {
        let rdata = try RData.parse(text, type: .loc)
        return RData.describe(rdata.span, type: .loc)
    }

    @Test(
        "The examples of RFC 1876 §4 are read",
        arguments: [
            (
                "42 21 54 N 71 06 18 W -24m 30m",
                "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m"
            ),
            (
                "42 21 43.952 N 71 5 6.344 W -24m 1m 200m",
                "42 21 43.952 N 71 5 6.344 W -24.00m 1.00m 200.00m 10.00m"
            ),
            (
                "52 14 05 N 00 08 50 E 10m",
                "52 14 5.000 N 0 8 50.000 E 10.00m 1.00m 10000.00m 10.00m"
            ),
            (
                "32 7 19 S 116 2 25 E 10m",
                "32 7 19.000 S 116 2 25.000 E 10.00m 1.00m 10000.00m 10.00m"
            ),
        ])
    func readsExamples(text: String, canonical: String) throws {
        #expect(try Self.canonical(text) == canonical)
        #expect(try Self.canonical(canonical) == canonical)
    }

    @Test("The extremes are read and written")
    func readsExtremes() throws {
        let highest = "90 0 0.000 N 180 0 0.000 E 42849672.95m 90000000.00m 0.00m 0.09m"
        #expect(try Self.canonical(highest) == highest)
        let lowest = "90 0 0.000 S 180 0 0.000 W -100000.00m 0.00m 0.00m 0.01m"
        #expect(try Self.canonical(lowest) == lowest)
    }

    @Test("A size keeps its first digit, as the wire has room for")
    func roundsSizes() throws {
        #expect(try Self.canonical("1 N 2 E 0 1234.56").hasSuffix(" 1000.00m 10000.00m 10.00m"))
    }

    @Test(
        "Values out of range or order are refused",
        arguments: [
            ("91 N 0 E 0", "latitude"), ("90 0 0.001 N 0 E 0", "latitude"),
            ("1 60 N 0 E 0", "latitude"), ("1 0 60 N 0 E 0", "latitude"),
            ("1.5 N 0 E 0", "latitude"), ("1 0 0 0 N 0 E 0", "latitude"), ("N 0 E 0", "latitude"),
            ("1 E 0 N 0", "latitude"), ("1 N 181 E 0", "longitude"), ("1 N 1", "longitude"),
            ("1 N 1 E", "altitude"), ("1 N 1 E -100000.01", "altitude"),
            ("1 N 1 E 42849672.96", "altitude"), ("1 N 1 E 1.234", "altitude"),
            ("1 N 1 E --1", "altitude"), ("1 N 1 E 1 90000000.01", "size"),
            ("1 N 1 E 1 -1", "size"), ("1 N 1 E 1 1 x", "horizontal precision"),
            ("1 N 1 E 1 1 1 99999999999", "vertical precision"), ("1 N 1 E 1 1 1 1 1", "data"),
        ])
    func refuses(text: String, field: String) {
        let error = #expect(throws: RDataError.self) { try RData.parse(text, type: .loc) }
        #expect(error?.field == field)
    }

    @Test(
        "Another version, digits over nine and places off the globe are not known",
        arguments: [
            "01 33 16 13 89172dd0 70be15f0 00988d20", "00 a3 16 13 89172dd0 70be15f0 00988d20",
            "00 3a 16 13 89172dd0 70be15f0 00988d20", "00 33 16 13 ffffffff 70be15f0 00988d20",
            "00 33 16 13 89172dd0 00000000 00988d20", "00 03 16 13 89172dd0 70be15f0 00988d20",
        ])
    func describesOthersAsOctets(wire: String) {
        let rdata = octets(wire)
        #expect(RData.describe(rdata.span, type: .loc).hasPrefix("\\# 16 "))
    }
}
