import Foundation

/// Debian's Prometheus with a data directory of its own, which scrapes one server each second and
/// evaluates the alerts of `config/prometheus`.
final class Prometheus: Sendable {
    let port: UInt16
    /// What it calls the server that it scrapes.
    let instance: String
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    static let alerts = Server.repository + "/config/prometheus/alerts.yml"

    /// Waits for the first scrape, some five seconds after the start.
    init(scraping target: UInt16) throws {
        directory = try TemporaryDirectory()
        port = try freePort()
        instance = "127.0.0.1:\(target)"
        try directory.write(
            """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: [\(Self.alerts)]
            scrape_configs:
              - job_name: horizond
                static_configs: [{targets: ["\(instance)"]}]

            """, to: "prometheus.yml")
        process = try ChildProcess(
            [
                "/usr/bin/prometheus", "--config.file=\(directory.file("prometheus.yml"))",
                "--storage.tsdb.path=\(directory.file("data"))",
                "--web.listen-address=127.0.0.1:\(port)", "--log.level=warn",
            ], output: directory.file("log"))
        guard eventually(within: .seconds(30), { (try? value("up")) == 1 }) else {
            throw Failure("prometheus does not scrape \(instance): \(directory.read("log"))")
        }
    }

    /// One series of an answer.
    struct Series: Sendable {
        let labels: [String: String]
        let value: Double
    }

    /// What a PromQL expression has now. Throws what is wrong with it.
    func query(_ expression: String) throws -> [Series] {
        let answer = try ask("query", ["query": expression])
        guard let data = answer as? [String: Any] else { throw Failure("\(answer)") }
        if data["resultType"] as? String == "scalar" {
            return [Series(labels: [:], value: try Self.value(data["result"]))]
        }
        guard let result = data["result"] as? [[String: Any]] else { throw Failure("\(data)") }
        return try result.map { series in
            Series(
                labels: series["metric"] as? [String: String] ?? [:],
                value: try Self.value(series["value"]))
        }
    }

    /// The value of an expression with one series; nil when there is none.
    func value(_ expression: String) throws -> Double? {
        let series = try query(expression)
        guard series.count <= 1 else { throw Failure("\(expression): \(series)") }
        return series.first?.value
    }

    /// What `label_values` of Grafana asks for.
    func values(ofLabel label: String, in selector: String) throws -> [String] {
        try ask("label/\(label)/values", ["match[]": selector]) as? [String] ?? []
    }

    private func ask(_ what: String, _ parameters: [String: String]) throws -> Any {
        let query = parameters.map { key, value in "\(Self.escaped(key))=\(Self.escaped(value))" }
            .joined(separator: "&")
        let answer = try webGet("/api/v1/\(what)?\(query)", port)
        let json = try JSONSerialization.jsonObject(with: answer.body) as? [String: Any]
        guard json?["status"] as? String == "success", let data = json?["data"] else {
            throw Failure("\(parameters): \(answer.text)")
        }
        return data
    }

    /// `[time, "value"]`
    private static func value(_ sample: Any?) throws -> Double {
        guard let pair = sample as? [Any], let text = pair.last as? String,
            let value = Double(text)
        else { throw Failure("no sample: \(String(describing: sample))") }
        return value
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }
}

/// What a web server of this host answered.
struct WebAnswer: Sendable {
    let status: Int
    /// By their names in lower case.
    let headers: [String: String]
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Gets a page of 127.0.0.1 by HTTP/1.0: the answer ends with the connection.
func webGet(_ path: String, _ port: UInt16, timeout: Duration = .seconds(10)) throws -> WebAnswer {
    let socket = try Socket(.tcp, local: Endpoint(port: 0))
    try socket.connect(to: Endpoint(port: port))
    try socket.send(Array("GET \(path) HTTP/1.0\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
    var octets = Data()
    while let more = try socket.receive(timeout: timeout), !more.isEmpty { octets += more }
    guard let end = octets.range(of: Data("\r\n\r\n".utf8)) else {
        throw Failure("no answer of HTTP: \(octets.count) octets")
    }
    let head = String(decoding: octets[..<end.lowerBound], as: UTF8.self)
    let lines = head.components(separatedBy: "\r\n")
    let headers = lines.dropFirst().map { line in
        let parts = line.split(separator: ":", maxSplits: 1)
        return (
            parts[0].lowercased(), parts.last?.trimmingCharacters(in: .whitespaces) ?? ""
        )
    }
    return WebAnswer(
        status: Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0,
        headers: Dictionary(headers, uniquingKeysWith: { $1 }),
        body: octets[end.upperBound...])
}
