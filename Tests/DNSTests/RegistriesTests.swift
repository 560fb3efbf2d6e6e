import DNS
import Testing

@Suite("Registries")
struct RegistriesTests {
    @Test("A type is known by its mnemonic in any case or by its number")
    func readsTypes() {
        #expect(RRType(mnemonic: "https") == .https)
        #expect(RRType(mnemonic: "TYPE65") == .https)
        #expect(RRType(mnemonic: "type65280")?.rawValue == 65280)
        #expect(RRType.https.description == "HTTPS")
        #expect(RRType(rawValue: 65280).description == "TYPE65280")
    }

    @Test(
        "Other texts are no type",
        arguments: ["", "TYPE", "TYPE+5", "TYPE-1", "TYPE65536", "HTTP", "TYPE 1"])
    func refusesTypes(text: String) {
        #expect(RRType(mnemonic: text) == nil)
    }

    @Test("OPT, question types and type 0 hold no data")
    func knowsMetaTypes() {
        for type in [RRType.opt, .any, .axfr, .tsig, RRType(rawValue: 0)] { #expect(!type.isData) }
        for type in [RRType.a, .https, .uri, .caa] { #expect(type.isData) }
    }

    @Test("A response code without a mnemonic is a number")
    func describesRCodes() {
        #expect(RCode.refused.description == "REFUSED")
        #expect(RCode(rawValue: 99).description == "RCODE99")
    }
}
