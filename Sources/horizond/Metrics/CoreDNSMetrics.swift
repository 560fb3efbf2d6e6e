import Admin
import Configuration
import DNS
import Nameserver

/// The same counts under the names that CoreDNS has for them, so that dashboards for it show this server.
/// Only what means the same is here; a label that cannot be told is left out.
struct CoreDNSMetrics {
    private let metrics: ServiceMetrics
    /// CoreDNS names a server by where it listens.
    private let server: String
    /// CoreDNS counts by the zone of its configuration that a query belongs to; here one server has all.
    private static let zone = "."

    init(_ metrics: ServiceMetrics) {
        self.metrics = metrics
        let port = metrics.configuration.listen.first?.port ?? ListenAddress.defaultPort
        server = "dns://:\(port)"
    }

    var families: [MetricFamily] {
        var build = MetricFamily(
            .gauge, "coredns_build_info", "Always 1; the version is horizond's.")
        build.add(1, ["version": Version.current])
        return [
            build,
            MetricFamily(
                .counter, "coredns_panics_total", "A program in Swift ends with its first.",
                value: 0),
            MetricFamily(
                .counter, "coredns_reload_failed_total", "Reloads that failed.",
                value: metrics.status.reloads.failed),
            requests, responses, durations,
            sizes(
                "coredns_dns_request_size_bytes", "Sizes of queries.", metrics.counts.querySizes),
            sizes(
                "coredns_dns_response_size_bytes", "Sizes of responses.",
                metrics.counts.responseSizes),
        ] + cacheFamilies + forwardFamilies
    }

    // MARK: Queries

    private var requests: MetricFamily {
        var family = MetricFamily(
            .counter, "coredns_dns_requests_total",
            "Queries by view, transport, address family (1 IPv4, 2 IPv6) and type.")
        metrics.forEachQueryKind { kind, count in
            family.add(
                count,
                [
                    "server": server, "zone": Self.zone, "view": kind.view ?? "",
                    "proto": kind.transport.label, "family": kind.isIPv4 ? "1" : "2",
                    "type": kind.typeLabel,
                ])
        }
        return family
    }

    private var responses: MetricFamily {
        var family = MetricFamily(
            .counter, "coredns_dns_responses_total",
            "Responses by RCODE and the plugin that would have made them.")
        var counts: [Plugin: UInt64] = [:]
        for source in AnswerSource.allCases {
            for (rcode, count) in metrics.counts.responses(source) {
                counts[Plugin(name: source.plugin, rcode: "\(rcode)"), default: 0] += count
            }
        }
        for (key, count) in counts.sorted(by: {
            ($0.key.name, $0.key.rcode) < ($1.key.name, $1.key.rcode)
        }) {
            family.add(
                count,
                [
                    "server": server, "zone": Self.zone, "rcode": key.rcode, "plugin": key.name,
                ])
        }
        return family
    }

    private struct Plugin: Hashable {
        let name: String
        let rcode: String
    }

    private var durations: MetricFamily {
        var family = MetricFamily(
            .histogram, "coredns_dns_request_duration_seconds",
            "Time from the receipt of a query until its response was sent.")
        var all = metrics.counts.times(.server)
        for source in AnswerSource.allCases where source != .server {
            all.add(metrics.counts.times(source))
        }
        family.add(MetricHistogram(all), ["server": server, "zone": Self.zone])
        return family
    }

    private func sizes(
        _ name: String, _ help: String, _ sizes: (ClientTransport) -> SizeHistogram
    ) -> MetricFamily {
        var family = MetricFamily(.histogram, name, help)
        for transport in ServiceMetrics.transports {
            family.add(
                MetricHistogram(sizes(transport)),
                ["server": server, "zone": Self.zone, "proto": transport.label])
        }
        return family
    }

    // MARK: Cache and upstreams

    private var cacheFamilies: [MetricFamily] {
        let hits = metrics.counts.responseCount(.cache)
        let misses = metrics.report.sum(\.queries.cacheMisses)
        let stale = metrics.counts.responseCount(.stale)
        let prefetches = metrics.report.sum(\.forwarding.refreshes)
        let rows: [(MetricFamily.Kind, String, String, UInt64)] = [
            (
                .gauge, "coredns_cache_entries", "Stored answers.",
                UInt64(metrics.report.cache.entries)
            ),
            (.counter, "coredns_cache_hits_total", "Answers from the cache in time.", hits),
            (
                .counter, "coredns_cache_misses_total",
                "Look-ups that found nothing, or what is too old.", misses
            ),
            (.counter, "coredns_cache_requests_total", "Look-ups.", hits &+ misses),
            (.counter, "coredns_cache_served_stale_total", "Answers past their lifetime.", stale),
            (
                .counter, "coredns_cache_prefetch_total", "Answers asked for again in time.",
                prefetches
            ),
            (
                .counter, "coredns_cache_evictions_total", "Answers that made room.",
                metrics.report.cache.evictions
            ),
        ]
        return rows.map { kind, name, help, value in
            var family = MetricFamily(kind, name, help)
            family.add(value, ["server": server, "zones": Self.zone])
            return family
        }
    }

    private var forwardFamilies: [MetricFamily] {
        var requests = MetricFamily(
            .counter, "coredns_forward_requests_total", "Queries sent to an upstream.")
        var failures = MetricFamily(
            .counter, "coredns_proxy_healthcheck_failures_total",
            "Probes of an upstream that failed.")
        for upstream in metrics.upstreams {
            requests.add(upstream.counts.sent, ["to": "\(upstream.address)"])
            failures.add(
                upstream.probes.failed, ["proxy_name": "forward", "to": "\(upstream.address)"])
        }
        return [requests, failures]
    }
}

extension AnswerSource {
    /// What in CoreDNS answers so; what the server writes itself has none there.
    fileprivate var plugin: String {
        switch self {
        case .overlay, .zone: "zone"
        case .cache, .stale: "cache"
        case .upstream, .failure: "forward"
        case .server, .refused, .error: ""
        }
    }
}
