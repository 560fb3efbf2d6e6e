import DNS
import Foundation
import Testing

extension ServiceTests {
    /// The page as Chromium shows it, before a server that is asked by devices.
    @Suite(
        "The page in a browser", .aloneOnMachine, .enabled(if: Browser.isInstalled),
        .timeLimit(.minutes(5)))
    struct PageTests {
        private let view: OpenPage
        private var home: Household { view.home }
        private var browser: Browser { view.browser }

        init() throws { view = try OpenPage() }

        // MARK: What it asks and runs

        @Test("loads without an error, is up, and asks its own server alone")
        func loads() throws {
            try view.open()
            #expect(
                try browser.waits(
                    for: "document.querySelector('#state-box').dataset.state == 'good'"))
            #expect(try browser.text("#state") == "It is up and answers")
            #expect(try browser.text("#facts").contains("1 zone, 2 views, 1 upstream"))
            pause(.seconds(6))
            let addresses = try browser.requestedAddresses()
            for part in ["", "api/status", "api/history", "api/top", "api/queries"] {
                #expect(addresses.contains { $0.hasPrefix(home.page + part) }, "\(part)")
            }
            #expect(addresses.allSatisfy { $0.hasPrefix(home.page) || !$0.hasPrefix("http") })
            #expect(try browser.consoleMessages() == [])
        }

        @Test("comes with a policy that runs nothing else")
        func policy() throws {
            let reply = try AdminClient(port: home.adminPort).ask("/")
            #expect(reply.headers["content-type"] == "text/html; charset=utf-8")
            let policy = try #require(reply.headers["content-security-policy"])
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            try view.open()
            let hasRun: Bool = try browser.value(
                """
                const image = document.createElement("div");
                try { image.innerHTML = "<img src=x onerror='window.ran = true'>"; } catch {}
                document.body.append(image);
                const script = document.createElement("script");
                try { script.textContent = "window.ran = true"; } catch {}
                document.body.append(script);
                return Boolean(window.ran);
                """)
            pause(.milliseconds(300))
            #expect(!hasRun)
            #expect(try browser.value("return Boolean(window.ran)") == false)
            #expect(try !browser.consoleMessages().isEmpty, "the breach is told")
        }

        // MARK: What it shows

        @Test("The figures are those of the traffic")
        func figures() throws {
            let home = try Household(lacksServer: true)
            let view = OpenPage(home: home, browser: browser)
            try view.open()
            for _ in 0..<12 { try home.ask("nas.vanillax.me") }
            for _ in 0..<8 { try home.ask("www.example.com", from: "127.0.20.5") }
            try home.ask("a.old-nas.example")
            try home.ask("www.example.com", from: "127.0.30.1")
            #expect(
                try browser.waits(
                    for: "document.querySelector('#rate-note').textContent == '22 in the last hour'"
                ))
            #expect(try browser.waits(for: "document.querySelector('#all').textContent == '22'"))
            // 12 of the overlay and 7 of the cache; what was refused came from nowhere.
            #expect(try browser.text("#local") == "86\u{a0}%")
            #expect(
                try browser.text("#top-names").hasPrefix("nas.vanillax.me\n12\nwww.example.com\n"))
            let clients = try browser.text("#top-clients")
            #expect(clients.hasPrefix("127.0.10.7 lan\n13\n127.0.20.5 guests\n8"))
            #expect(try browser.text("#top-failed") == "a.old-nas.example\n1")
            #expect(try browser.text("#top-refused") == "www.example.com to 127.0.30.1\n1")
            #expect(try browser.text("#top-leaks").hasPrefix("Nobody looks for leaks"))
            let upstream: String = try browser.value(
                """
                const rows = [...document.querySelectorAll("#upstream-list [role=row]")];
                return rows.map((row) => row.innerText).find((text) => text.includes(":9\\n"));
                """)
            #expect(
                upstream.contains("failed the last time") || upstream.contains("does not answer"))
            #expect(try browser.text("#state") == "It is up, but not ready")
            // Both views have the rule, and the server has failed too: that is one problem.
            #expect(
                try browser.value("return document.querySelectorAll('#problems li').length") == 1)
            #expect(
                try browser.text("#problems").hasPrefix("forward old-nas.example: 127.0.0.1:9 "))
            #expect(
                try browser.text("#local-note")
                    == "your names 55\u{a0}%, cache 32\u{a0}%, in the last hour")
        }

        @Test("The charts can be read by the keys, and as tables")
        func charts() throws {
            for _ in 0..<30 { try home.ask("nas.vanillax.me") }
            try view.open()
            #expect(
                try browser.waits(
                    for:
                        "document.querySelector('#rate-chart p').textContent.startsWith('30 queries')"
                ))
            #expect(try browser.text("#rate-chart .legend") == "your names 100\u{a0}%")
            let bars: Int = try browser.value(
                "return document.querySelectorAll('#rate-chart .plot path.fill').length")
            #expect(bars == 1)
            _ = try browser.value(
                "document.querySelector('#rate-chart .plot').focus(); return true", as: Bool.self)
            try browser.press(Key.end)
            try browser.press(Key.home)
            let told: String = try browser.value(
                "return document.querySelector('#rate-chart .plot').getAttribute('aria-valuetext')")
            #expect(told.contains(#/: all [0-9.]+/#), "\(told)")
            #expect(try browser.text("#rate-chart .tip").contains("all"))
            try browser.press(Key.escape)
            #expect(try browser.value("return document.querySelector('#rate-chart .tip').hidden"))
            try browser.click("#latency-chart summary")
            #expect(try browser.waits(for: "document.querySelector('#latency-chart tbody')"))
            #expect(
                try browser.text("#latency-chart thead")
                    == "From\thalf within\t95 of 100\t99 of 100")
            #expect(try browser.text("#latency-chart tbody").contains("ms"))
        }

        @Test("The log follows, filters by text and by what is clicked, and can be paused")
        func log() throws {
            try view.open()
            #expect(
                try browser.waits(
                    for:
                        "document.querySelector('#log-note').textContent.startsWith('No queries yet')"
                ))
            for number in 0..<5 {
                try home.ask("host\(number).vanillax.me", from: "127.0.10.\(10 + number)")
            }
            try home.ask("host0.vanillax.me", .https)
            #expect(try browser.waits(for: "\(Self.lines) == 6"))
            let first = try browser.text("#log-lines [role=row]")
            #expect(
                first.contains("host0.vanillax.me HTTPS") && first.contains("nothing of this type"))
            #expect(first.contains("127.0.10.7") && first.contains("your names"))

            try browser.click("#log-text")
            try browser.press("host3")
            #expect(try browser.waits(for: "\(Self.lines) == 1"))
            #expect(try browser.text("#log-lines").contains("127.0.10.13"))
            _ = try browser.value(
                "document.querySelector('#log-text').value = ''; return true", as: Bool.self)
            try browser.press(" ")
            #expect(try browser.waits(for: "\(Self.lines) == 6"))

            try browser.click("#log-lines .name button")
            #expect(try browser.waits(for: "\(Self.lines) == 2"))
            #expect(try browser.text("#log-filters").contains("host0.vanillax.me"))
            try browser.click("#log-filters button")
            #expect(try browser.waits(for: "\(Self.lines) == 6"))

            try browser.click("#log-pause")
            try home.ask("late.vanillax.me")
            pause(.seconds(2))
            #expect(try browser.value("return \(Self.lines)") == 6)
            try browser.click("#log-pause")
            #expect(try browser.waits(for: "\(Self.lines) == 7"))
        }

        private static let lines = "document.querySelectorAll('#log-lines > [role=row]').length"

        @Test("keeps at most 200 lines")
        func boundedLog() throws {
            try view.open()
            for number in 0..<450 { try home.ask("n\(number % 50).vanillax.me") }
            #expect(try browser.waits(for: "\(Self.lines) == 200"))
            #expect(try browser.waits(for: "document.querySelector('#all').textContent == '450'"))
            try home.ask("last.vanillax.me")
            #expect(
                try browser.waits(
                    for:
                        "document.querySelector('#log-lines').innerText.includes('last.vanillax.me')"
                ))
            #expect(try browser.value("return \(Self.lines)") == 200)
        }
    }
}
