import DNS
import Foundation
import Testing

extension ServiceTests {
    /// How the page serves whoever looks at it, and whatever they ask and see.
    @Suite(
        "Whoever uses the page", .aloneOnMachine, .enabled(if: Browser.isInstalled),
        .timeLimit(.minutes(5)))
    struct PageUseTests {
        private let view: OpenPage
        private var home: Household { view.home }
        private var browser: Browser { view.browser }

        init() throws { view = try OpenPage() }

        // MARK: Explanations

        @Test("The search box draws the way to a name of ours, with places and verdict")
        func explainsOwned() throws {
            try view.explain("argocd.vanillax.me")
            #expect(
                try browser.text("#explain-headline")
                    == "argocd.vanillax.me leads 127.0.10.7 to 192.168.10.50")
            #expect(
                try browser.text("#verdict")
                    == "Chrome, Firefox, Safari: TLS over TCP to 192.168.10.50.\nNothing of the public record leaks."
            )
            let boxes = try browser.text("#path")
            for part in [
                "127.0.10.7", "lan", "127.0.10.0/24", "horizond.yaml:5",
                "zone vanillax.me: *.vanillax.me", "zones/vanillax.me.yaml:1",
                "192.168.10.50 for 1\u{a0}min", "HTTPS how browsers connect\nNothing of this type",
            ] {
                #expect(boxes.contains(part), "\(part): \(boxes)")
            }
            #expect(
                try browser.value("return document.querySelectorAll('.box.answer').length") == 3)
            // From the device to the view, to the zone, and to three answers.
            #expect(
                try browser.value("return document.querySelectorAll('.wires g path').length") == 5)
        }

        @Test("of a public name it shows the rule, the upstream, and what the policy took")
        func explainsPublic() throws {
            try view.explain("www.example.com", type: "MX")
            let boxes = try browser.text("#path")
            for part in [
                "forward .", "horizond.yaml:", "127.0.0.1:\(home.knot.port)",
                "https-records: remove-h3", "alpn=\"h3,h2\"", "MX mail",
            ] {
                #expect(boxes.contains(part), "\(part): \(boxes)")
            }
            #expect(
                try browser.value(
                    "return document.querySelector('#path del').textContent.includes('ech=')"))
            #expect(
                try browser.value("return document.querySelectorAll('.box.answer').length") == 4)
            try view.explain("www.example.com", client: "127.0.30.1")
            #expect(try browser.text("#path").contains("every query is refused"))
            #expect(try browser.text("#verdict").contains("in no view"))
        }

        @Test("What is no name or address is told")
        func explainMistakes() throws {
            try view.open("#explain?name=a..b")
            #expect(try browser.waits(for: "!document.querySelector('#explain-error').hidden"))
            #expect(try browser.text("#explain-error").hasPrefix("That cannot be explained: "))
        }

        @Test("The keyboard alone asks for a name and reads the log")
        func keyboard() throws {
            try home.ask("nas.vanillax.me")
            try view.open()
            try browser.press(Key.tab)
            #expect(try browser.value("return document.activeElement.className") == "skip")
            try browser.press(Key.enter + Key.tab)
            #expect(try browser.value("return document.activeElement.id") == "explain-name")
            let outline: String = try browser.value(
                "return getComputedStyle(document.activeElement).outlineStyle")
            #expect(outline == "solid", "what has the keyboard is seen")
            try browser.press("nas.vanillax.me" + Key.tab + "127.0.10.7" + Key.enter)
            #expect(try browser.waits(for: "document.querySelector('.box.answer')"))
            #expect(try browser.value("return document.activeElement.id") == "explain-headline")
            #expect(try browser.text("#path").contains("192.168.10.60"))
            // On to the log, whose lines name the device that asked, and to that device's queries.
            #expect(try browser.waits(for: "document.querySelector('#log-lines button')"))
            for _ in 0..<60 {
                try browser.press(Key.tab)
                if try browser.value("return document.activeElement.closest('#log-lines') != null")
                {
                    break
                }
            }
            try browser.press(Key.enter)
            #expect(try browser.text("#log-filters").contains("127.0.10.7"))
        }

        // MARK: Whoever looks, and whatever they see

        @Test("A hostile name is text, wherever it is shown")
        func hostileNames() throws {
            let names = [
                #"<script>alert\(1\)<\047script>.vanillax.me"#,
                #"<img\032src=x\032onerror=alert\(1\)>.vanillax.me"#,
                #"\226\128\174evil\000\010.vanillax.me"#,
            ]
            for name in names { try home.ask(name) }
            try view.open()
            #expect(
                try browser.waits(
                    for: "document.querySelector('#log-lines').innerText.includes('<img')"))
            #expect(try browser.text("#log-lines").contains("<script>alert"))
            #expect(
                try browser.waits(
                    for: "document.querySelector('#top-names').innerText.includes('<img')"))
            #expect(
                try browser.value("return document.querySelectorAll('img, main script').length")
                    == 0)
            #expect(
                try browser.text("#log-lines").contains(#"\226\128\174evil\000\010.vanillax.me"#))
            try browser.click("#log-lines .why a")
            #expect(try browser.waits(for: "document.querySelector('.box.answer')"))
            #expect(try browser.text("#explain-headline").contains("192.168.10.50"))
            let unseen: Bool = try browser.value(
                #"return /[\p{Cc}\p{Cf}]/u.test(document.querySelector('main').innerText.replaceAll(/[\n\t]/g, ''))"#
            )
            #expect(!unseen)
            #expect(try browser.consoleMessages() == [])
        }

        @Test("fits a phone of 360 pixels, with an explanation and the longest names")
        func narrow() throws {
            let label = String(repeating: "x", count: 60)
            let long = [label, label, label, "vanillax.me"].joined(separator: ".")
            try home.ask(long)
            try browser.resize(width: 360, height: 740)
            try view.explain(long)
            #expect(
                try browser.waits(
                    for: "document.querySelector('#log-lines').innerText.includes('xxx')"))
            try browser.click("#rate-chart summary")
            let widest: Int = try browser.value("return document.documentElement.scrollWidth")
            #expect(widest == 360)
        }

        @Test("is dark where the system is, or as its switch says, which is kept")
        func dark() throws {
            try browser.prefer(dark: false)
            try view.open()
            #expect(try brightness() > 200)
            try browser.prefer(dark: true)
            #expect(try brightness() < 60)
            try browser.click("#theme label:nth-of-type(2)")
            #expect(try brightness() > 200)
            try view.open("?again")
            #expect(try brightness() > 200)
        }

        private func brightness() throws -> Int {
            try browser.value(
                "return Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
        }

        @Test(
            "Names, headings, landmarks, roles and contrast are in order, light and dark, wide and narrow"
        )
        func accessibility() throws {
            let home = try Household(lacksServer: true)
            let view = OpenPage(home: home, browser: browser)
            let script = try String(
                contentsOfFile: Server.repository + "/Tests/ServiceTests/Scripts/accessibility.js",
                encoding: .utf8)
            try home.ask("nas.vanillax.me")
            try home.ask("a.old-nas.example")
            try view.explain("www.example.com")
            #expect(try browser.waits(for: "document.querySelector('#top-failed button')"))
            for isDark in [false, true] {
                try browser.prefer(dark: isDark)
                for width in [1280, 360] {
                    try browser.resize(width: width, height: 900)
                    let problems: [String] = try browser.value(script)
                    #expect(problems == [], "dark: \(isDark), width \(width)")
                }
            }
            // It finds what is wrong.
            let spoiled: [String] = try browser.value(
                """
                const heading = document.createElement("h5");
                heading.textContent = "pale";
                heading.style.color = "#777";
                document.querySelector("main").append(heading, document.createElement("input"));
                """ + script)
            #expect(spoiled.count == 3, "\(spoiled)")
        }
    }
}
