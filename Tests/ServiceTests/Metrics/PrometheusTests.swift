import DNS
import Foundation
import Testing

extension ServiceTests {
    /// `/metrics`, as Debian's Prometheus and promtool read it.
    @Suite("Metrics", .aloneOnMachine)
    struct PrometheusTests {
        @Test("promtool finds nothing to complain about", arguments: [false, true])
        func lint(hasCoreDNSNames: Bool) throws {
            let scene = try MetricsScene(hasCoreDNSNames: hasCoreDNSNames)
            _ = try makeTraffic(scene)
            let answer = try scene.metrics()
            #expect(answer.status == 200)
            #expect(
                answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text.contains("\ncoredns_") == hasCoreDNSNames)
            let directory = try TemporaryDirectory()
            try directory.write(answer.text, to: "metrics")
            let (output, status) = try run([
                "/bin/sh", "-c", "/usr/bin/promtool check metrics < \(directory.file("metrics"))",
            ])
            #expect(status == .exited(0), "\(output)")
            #expect(output == "")
        }

        /// Queries of each kind with what becomes of them; how many there were.
        private func makeTraffic(_ scene: MetricsScene) throws -> Int {
            let client = scene.server.client
            let guest = try client.from("127.0.0.2")
            for _ in 0..<5 { _ = try client.ask("www.home.example", .a) }
            for _ in 0..<3 { _ = try client.ask("www.auth.example", .a, over: .tcp) }
            for _ in 0..<5 { _ = try client.ask("a.example.net", .a) }
            for name in ["none.a.example.net", "none.b.example.net", "bad.example.net"] {
                _ = try client.ask(name, .a)
            }
            for _ in 0..<2 { _ = try guest.ask("www.home.example", .aaaa) }
            _ = try client.ask("b.example.net", RRType(rawValue: 65_280))
            _ = try client.ask("c.example.net", .https)
            _ = try client.ask("private.example.net", .a)
            _ = try client.ask("use-application-dns.net", .a)
            guard let loopback = IPAddress("::1") else { throw Failure("::1") }
            let stranger = Client(
                server: Endpoint(loopback, scene.server.port), source: loopback)
            #expect(try stranger.ask("www.home.example", .a).rcode == .refused)
            // No query, so that nobody answers.
            let socket = try Socket(.udp, local: Endpoint(port: 0))
            try socket.connect(to: Endpoint(port: scene.server.port))
            try socket.send([1, 2, 3])
            return 23
        }

        @Test("PromQL's answers agree with the traffic to the query")
        func agreement() throws {
            let scene = try MetricsScene(hasCoreDNSNames: true)
            let prometheus = try Prometheus(scraping: scene.adminPort)
            let count = try makeTraffic(scene)
            #expect(
                try eventually {
                    try prometheus.value("sum(horizond_queries_total)") == Double(count)
                })
            let expected: [String: Double] = [
                "sum(horizond_queries_total{view=\"lan\"})": 20,
                "sum(horizond_queries_total{view=\"guests\",type=\"AAAA\"})": 2,
                "sum(horizond_queries_total{view=\"\",family=\"ipv6\"})": 1,
                "sum(horizond_queries_total{family=\"ipv6\"})": 1,
                "sum(horizond_queries_total{transport=\"tcp\"})": 3,
                "sum(horizond_queries_total{type=\"A\"})": 19,
                "sum(horizond_queries_total{type=\"HTTPS\"})": 1,
                "sum(horizond_queries_total{type=\"other\"})": 1,
                "sum(horizond_responses_total)": 23,
                "sum(horizond_responses_total{source=\"overlay\"})": 5,
                "sum(horizond_responses_total{source=\"zone\"})": 4,
                "sum(horizond_responses_total{source=\"cache\"})": 5,
                "sum(horizond_responses_total{source=\"upstream\"})": 8,
                "sum(horizond_responses_total{source=\"refused\",rcode=\"REFUSED\"})": 1,
                "sum(horizond_responses_total{rcode=\"NXDOMAIN\"})": 3,
                "sum(horizond_responses_total{rcode=\"SERVFAIL\"})": 1,
                "sum(horizond_response_duration_seconds_count)": 23,
                "sum(horizond_response_duration_seconds_bucket{le=\"+Inf\",source=\"cache\"})": 5,
                "sum(horizond_query_size_bytes_count{transport=\"tcp\"})": 3,
                "sum(horizond_response_size_bytes_count)": 23,
                "horizond_cache_hits_total": 5,
                "horizond_cache_misses_total": 8,
                "sum(horizond_service_records_total)": 1,
                "horizond_rebind_protection_removed_addresses_total": 1,
                "horizond_bypass_queries_total{kind=\"firefox_doh\"}": 1,
                "horizond_queries_dropped_total{reason=\"not_a_query\"}": 1,
                "sum(horizond_upstream_state{upstream=\"127.0.0.1:\(scene.upstream.port)\"})": 1,
                "horizond_tcp_connections_accepted_total": 3,
                "horizond_views": 2, "horizond_configuration_last_reload_successful": 1,
                "sum(coredns_dns_requests_total)": 23,
                "sum(coredns_dns_requests_total{view=\"lan\",proto=\"udp\",family=\"1\"})": 17,
                "sum(coredns_dns_responses_total{plugin=\"forward\"})": 8,
                "sum(coredns_dns_responses_total{rcode=\"NXDOMAIN\"})": 3,
                "coredns_dns_request_duration_seconds_count": 23,
                "sum(coredns_dns_response_size_bytes_count{proto=\"tcp\"})": 3,
                "coredns_cache_hits_total": 5, "coredns_cache_requests_total": 13,
                "coredns_panics_total": 0, "coredns_build_info": 1,
            ]
            for (expression, value) in expected {
                #expect(try prometheus.value(expression) == value, "\(expression)")
            }
            let upstream = "{upstream=\"127.0.0.1:\(scene.upstream.port)\"}"
            #expect(
                try prometheus.value("horizond_upstream_queries_total\(upstream)")
                    == Double(scene.upstream.everything.count))
        }

        @Test("The process is told as it is: memory, time, descriptors and configuration")
        func process() throws {
            let scene = try MetricsScene()
            let prometheus = try Prometheus(scraping: scene.adminPort)
            let memory = try #require(
                try prometheus.value(
                    "process_resident_memory_bytes{job=\"horizond\"}") as Double?)
            #expect(memory > 4e6)
            #expect(memory < 4e8)
            let age = try #require(
                try prometheus.value(
                    "time() - process_start_time_seconds{job=\"horizond\"}") as Double?)
            #expect(age > 0)
            #expect(age < 60)
            let directory = "/proc/\(scene.server.process.pid)/fd"
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: directory).count
            let told = try #require(
                try prometheus.value("process_open_fds{job=\"horizond\"}") as Double?)
            // Connections of those who scrape come and go.
            #expect(abs(told - Double(descriptors)) <= 3)
            let hash = try prometheus.value("horizond_configuration_hash")
            try scene.configure(audits: true)
            try scene.server.reload()
            #expect(
                try eventually {
                    try prometheus.value("horizond_configuration_hash") != hash
                })
            try scene.configure(audits: false)
            try scene.server.reload()
            #expect(
                try eventually {
                    try prometheus.value("horizond_configuration_hash") == hash
                })
        }

        @Test("No client makes a series: other names and types change numbers alone")
        func bounded() throws {
            let scene = try MetricsScene()
            func series(_ text: String) -> Set<Substring> {
                Set(
                    text.split(separator: "\n").filter { !$0.hasPrefix("#") }
                        .compactMap { $0.split(separator: " ").first })
            }
            let client = scene.server.client
            _ = try client.ask("a.example.net", .a)
            let before = series(try scene.metrics().text)
            // Of one network only a hundred would be refused in a second; the others get no answer.
            for number in 0..<200 {
                _ = try client.from("127.9.\(number).1").ask(
                    "n\(number).example.net", RRType(rawValue: UInt16(1000 + number)))
            }
            let after = series(try scene.metrics().text)
            #expect(after == before, "\(after.symmetricDifference(before))")
        }

        @Test("Forty scrapers at a time get whole answers, and queries meanwhile theirs")
        func many() throws {
            let scene = try MetricsScene()
            let load = try Load(["www.home.example"], server: Endpoint(port: scene.server.port))
            let scrapers = (0..<40).map { _ in Background { try scene.metrics().text } }
            for scraper in scrapers {
                let text = try scraper.value
                #expect(text.hasPrefix("# HELP horizond_queries_total "))
                #expect(text.contains("\nprocess_start_time_seconds "))
            }
            let count = load.stop()
            #expect(count.sent == count.answered)
            #expect(count.failed == 0)
        }
    }
}
