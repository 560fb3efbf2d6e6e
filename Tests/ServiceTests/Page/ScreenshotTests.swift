import DNS
import Foundation
import TestSupport
import Testing

private enum Pictures {
    /// For how long the home asks before; nil but for `make screenshots`.
    static let seconds = ProcessInfo.processInfo.environment["HORIZOND_SCREENSHOT_SECONDS"]
        .flatMap { Int($0) }
}

extension ServiceTests {
    /// `make screenshots`: the pictures of the README, of a page that shows a home's queries.
    @Suite("Pictures of the page", .enabled(if: Pictures.seconds != nil && Browser.isInstalled))
    struct ScreenshotTests {
        @Test("are taken, wide and narrow, light and dark")
        func pictures() throws {
            let home = try Household()
            try home.live(seconds: Pictures.seconds ?? 0)
            let view = OpenPage(home: home, browser: try Browser())
            try view.open()
            try view.picture("page", width: 1280, height: 1530)
            try view.picture("page-dark", width: 1280, height: 1530, dark: true)
            try view.explain("photos.vanillax.me")
            try view.picture("page-explain", width: 1280, height: 520, from: "#explain")
            try view.explain("www.example.com", type: "MX")
            try view.picture("page-explain-public", width: 1280, height: 740, from: "#explain")
            try view.picture("page-phone-explain", width: 390, height: 1500, from: "#explain")
            try view.open("?")
            try view.picture("page-phone", width: 390, height: 1700)
            try view.picture(
                "page-phone-log", width: 390, height: 1700, dark: true, from: "#upstreams")
        }
    }
}

extension OpenPage {
    /// `docs/NAME.png`, of that part of the page that begins at an element; with few colours, where
    /// pngquant is installed.
    fileprivate func picture(
        _ name: String, width: Int, height: Int, dark: Bool = false, from element: String? = nil
    ) throws {
        try browser.prefer(dark: dark)
        try browser.resize(width: width, height: height)
        // The drawings follow the width, and the log comes by.
        pause(.seconds(7))
        let top: Double = try browser.value(
            """
            const element = document.querySelector("\(element ?? "body")");
            return element.getBoundingClientRect().top + scrollY;
            """)
        let path = "\(Server.repository)/docs/\(name).png"
        try browser.screenshot(top: Int(top), width: width, height: height)
            .write(to: URL(fileURLWithPath: path))
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/pngquant") else { return }
        _ = try run(["/usr/bin/pngquant", "--force", "--ext", ".png", "--skip-if-larger", path])
    }
}

extension Household {
    /// Devices ask as they do: some names often, some seldom, more when someone comes home, and now
    /// and then for what there is not.
    fileprivate func live(seconds: Int) throws {
        var random = SeededGenerator(seed: 7)
        let start = ContinuousClock.now
        for second in 0..<seconds {
            // One query in two seconds at the quiet times, some six a second at the busy ones.
            let busy = [1, 1, 2, 6, 4, 1, 1, 3, 5, 2][second / 240 % 10]
            for _ in 0..<random.below(2 * busy) { try askSomething(&random) }
            let left = .seconds(second + 1) - (ContinuousClock.now - start)
            if left > .zero { pause(left) }
        }
    }

    private func askSomething(_ random: inout SeededGenerator) throws {
        let device = random.pick(Self.devices)
        let name = random.pick(Self.names)
        let type: RRType = random.pick([.a, .a, .a, .aaaa, .https])
        // A stranger's queries are refused.
        try ask(name, type, from: random.oneIn(50) ? "127.0.30.9" : device)
    }

    private static let devices = [
        "127.0.10.7", "127.0.10.7", "127.0.10.7", "127.0.10.12", "127.0.10.12", "127.0.10.31",
        "127.0.10.44", "127.0.10.60", "127.0.20.5", "127.0.20.6",
    ]

    private static let names =
        [
            "photos.vanillax.me", "photos.vanillax.me", "photos.vanillax.me", "nas.vanillax.me",
            "nas.vanillax.me", "grafana.vanillax.me", "plex.vanillax.me", "www.example.com",
            "www.example.com", "api.weather.example", "api.weather.example", "cdn.example.com",
            "imap.mail.example", "imap.mail.example", "www.news.example", "nowhere.lab.example",
        ] + (1...12).map { "cdn\($0).video.example" }
        + ["thermostat", "tv", "bulb", "doorbell"].map { "\($0).vendor.example" }
}
