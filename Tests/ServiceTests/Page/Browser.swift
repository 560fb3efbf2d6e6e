import Foundation
import Glibc

/// A headless Chromium, which a test drives by WebDriver and Chromium's own commands. It can reach
/// 127.0.0.1 and nothing else: no name is looked up.
final class Browser {
    private let directory: TemporaryDirectory
    private let driver: ChildProcess
    private let port: UInt16
    private var session = ""

    static let isInstalled = ["/usr/bin/chromium", "/usr/bin/chromedriver"]
        .allSatisfy(FileManager.default.isExecutableFile)

    init(width: Int = 1280, height: Int = 900) throws {
        directory = try TemporaryDirectory()
        port = try freePort()
        driver = try ChildProcess(
            ["/usr/bin/chromedriver", "--port=\(port)"],
            environment: ["HOME": directory.path], output: directory.file("log"))
        let isUp = eventually(within: .seconds(10)) {
            ((try? request("GET", "/status")) as? [String: Any])?["ready"] as? Bool == true
        }
        guard isUp else { throw Failure("no chromedriver: \(directory.read("log"))") }
        let created = try request("POST", "/session", ["capabilities": capabilities])
        guard let id = (created as? [String: Any])?["sessionId"] as? String else {
            throw Failure("no session: \(String(describing: created))")
        }
        session = "/session/\(id)"
        try resize(width: width, height: height)
    }

    deinit {
        // Chromium ends with its session, or with the pipe to its driver.
        _ = try? request("DELETE", session)
        driver.signal(SIGTERM)
    }

    private var capabilities: [String: Any] {
        let arguments =
            [
                "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                "--remote-debugging-pipe", "--no-first-run", "--no-pings", "--disable-sync",
                "--disable-background-networking", "--disable-component-update",
                "--disable-default-apps", "--disable-domain-reliability",
                "--force-prefers-reduced-motion",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--user-data-dir=\(directory.file("profile"))",
            ] + (geteuid() == 0 ? ["--no-sandbox"] : [])
        return [
            "alwaysMatch": [
                "browserName": "chrome",
                "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
                "goog:chromeOptions": ["args": arguments],
            ]
        ]
    }

    // MARK: What a test does

    func open(_ address: String) throws {
        _ = try request("POST", "\(session)/url", ["url": address])
    }

    /// What a script's `return` gives.
    func value<Value>(_ script: String, as type: Value.Type = Value.self) throws -> Value {
        let body: [String: Any] = ["script": script, "args": [Any]()]
        let result = try request("POST", "\(session)/execute/sync", body)
        guard let value = result as? Value else {
            throw Failure("\(script): \(String(describing: result)) is no \(Value.self)")
        }
        return value
    }

    /// The text of the element that a selector finds first.
    func text(_ selector: String) throws -> String {
        try value("return (document.querySelector(`\(selector)`)?.innerText ?? '').trim()")
    }

    /// Waits until a script returns true, and says whether it does.
    func waits(for script: String, within limit: Duration = .seconds(15)) throws -> Bool {
        try eventually(within: limit) { try value("return Boolean(\(script))") }
    }

    func click(_ selector: String) throws {
        let found = try request(
            "POST", "\(session)/element", ["using": "css selector", "value": selector])
        guard let element = (found as? [String: String])?.values.first else {
            throw Failure("no element \(selector)")
        }
        _ = try request("POST", "\(session)/element/\(element)/click", [String: String]())
    }

    /// Presses keys one after the other.
    func press(_ keys: String) throws {
        let actions = keys.flatMap { key in
            ["keyDown", "keyUp"].map { ["type": $0, "value": String(key)] }
        }
        let keyboard: [String: Any] = ["type": "key", "id": "keyboard", "actions": actions]
        _ = try request("POST", "\(session)/actions", ["actions": [keyboard]])
    }

    /// A command of Chromium's own protocol.
    @discardableResult
    func command(_ name: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
        let body: [String: Any] = ["cmd": name, "params": parameters]
        return try request("POST", "\(session)/goog/cdp/execute", body) as? [String: Any] ?? [:]
    }

    func resize(width: Int, height: Int) throws {
        try command(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
    }

    /// Makes the system prefer dark or light pages.
    func prefer(dark: Bool) throws {
        let feature = ["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]
        try command("Emulation.setEmulatedMedia", ["features": [feature]])
    }

    /// A part of the page, in its own coordinates, as PNG.
    func screenshot(top: Int, width: Int, height: Int) throws -> Data {
        let clip = ["x": 0, "y": top, "width": width, "height": height, "scale": 1]
        let reply = try command(
            "Page.captureScreenshot",
            ["format": "png", "captureBeyondViewport": true, "clip": clip])
        guard let text = reply["data"] as? String, let data = Data(base64Encoded: text) else {
            throw Failure("no screenshot")
        }
        return data
    }

    // MARK: What it says

    /// What came to the console since the last call: errors, and breaches of the page's policy.
    func consoleMessages() throws -> [String] {
        try log("browser").compactMap { $0["message"] as? String }
    }

    /// The addresses that were asked for since the last call.
    func requestedAddresses() throws -> [String] {
        try log("performance").compactMap { entry in
            guard let text = entry["message"] as? String,
                let message = try object(text)["message"] as? [String: Any],
                message["method"] as? String == "Network.requestWillBeSent",
                let parameters = message["params"] as? [String: Any],
                let request = parameters["request"] as? [String: Any]
            else { return nil }
            return request["url"] as? String
        }
    }

    private func log(_ type: String) throws -> [[String: Any]] {
        try request("POST", "\(session)/se/log", ["type": type]) as? [[String: Any]] ?? []
    }

    /// A request of WebDriver, and the value of its answer.
    private func request(_ method: String, _ path: String, _ body: [String: Any]? = nil) throws
        -> Any?
    {
        let data = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        let head =
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
            + "Content-Length: \(data.count)\r\n\r\n"
        let reply = try exchange(Array(head.utf8) + data)
        let value = try reply.json()["value"]
        guard reply.status == 200 else {
            let error = (value as? [String: Any])?["message"] as? String
            throw Failure("WebDriver \(path): \(error ?? "status \(reply.status)")")
        }
        return value
    }

    /// Sends a request and reads as much as the reply's head says: the driver does not close.
    private func exchange(_ octets: [UInt8]) throws -> AdminResponse {
        let socket = try AdminClient(port: port).connect()
        try socket.send(octets)
        var received: [UInt8] = []
        while true {
            guard let more = try socket.receive(timeout: .seconds(60)), !more.isEmpty else {
                throw Failure("WebDriver does not answer")
            }
            received += more
            let endOfHead = Data(received).range(of: Data("\r\n\r\n".utf8))?.upperBound
            guard let endOfHead, let reply = AdminResponse(received),
                let length = reply.headers["content-length"].flatMap({ Int($0) })
            else { continue }
            if received.count >= endOfHead + length { return reply }
        }
    }
}

/// Keys without a character, as WebDriver names them.
enum Key {
    static let tab = "\u{E004}"
    static let enter = "\u{E007}"
    static let escape = "\u{E00C}"
    static let end = "\u{E010}"
    static let home = "\u{E011}"
    static let left = "\u{E012}"
    static let down = "\u{E015}"
}
