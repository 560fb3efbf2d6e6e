import Testing

@testable import horizond

@Suite("How a reload went")
struct ReloadOutcomeTests {
    @Test(
        "It is read as it was written",
        arguments: [[], ["a.yaml:1:2: bad address"], ["one", "another", "… and 7 more"]])
    func roundTrip(errors: [String]) {
        let outcome = ReloadOutcome(began: 1_234_567, errors: errors)
        #expect(ReloadOutcome(outcome.text) == outcome)
    }

    @Test("What something else has written is nothing", arguments: ["", "\n", "ok\n", "12x\n"])
    func foreign(text: String) {
        #expect(ReloadOutcome(text) == nil)
    }
}
