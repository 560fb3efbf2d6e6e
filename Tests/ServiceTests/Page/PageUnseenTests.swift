import DNS
import Foundation
import Testing

extension SharingTests {
    /// The page while nobody looks at it, or nobody answers it: mostly there is nothing to see.
    @Suite(
        "The page that is hidden, or whose server is away", .enabled(if: Browser.isInstalled),
        .timeLimit(.minutes(5)))
    struct PageUnseenTests {
        private let view: OpenPage
        private var home: Household { view.home }
        private var browser: Browser { view.browser }

        init() throws { view = try OpenPage() }

        @Test("asks nothing while it is hidden, and goes on when it is seen again")
        func hidden() throws {
            try view.open()
            _ = try browser.value(
                """
                Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
                return true;
                """, as: Bool.self)
            pause(.seconds(6))
            _ = try browser.requestedAddresses()
            pause(.seconds(6))
            #expect(try browser.requestedAddresses() == [])
            _ = try browser.value(
                """
                delete document.hidden;
                document.dispatchEvent(new Event("visibilitychange"));
                return true;
                """, as: Bool.self)
            #expect(
                try eventually(within: .seconds(3)) {
                    try browser.requestedAddresses().contains { $0.contains("api/queries") }
                })
        }

        @Test("says so when the server is away, asks less often, and finds it again")
        func away() throws {
            try view.open()
            #expect(try browser.value("return document.querySelector('#away').hidden"))
            try home.server.stop()
            #expect(try browser.waits(for: "!document.querySelector('#away').hidden"))
            #expect(
                try browser.text("#away").contains("cannot reach the server. What you see is from"))
            #expect(try browser.text("#state") == "It does not answer")
            pause(.seconds(8))
            _ = try browser.requestedAddresses()
            pause(.seconds(8))
            #expect(try browser.requestedAddresses().count <= 6)
            let again = try home.restarted()
            try browser.click("#away-retry")
            #expect(try browser.waits(for: "document.querySelector('#away').hidden"))
            #expect(
                try browser.waits(
                    for: "document.querySelector('#state').innerText == 'It is up and answers'"))
            _ = again
        }
    }
}
