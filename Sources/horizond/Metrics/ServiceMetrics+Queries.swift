import Admin
import DNS
import Nameserver

/// Queries and responses by kind, as the workers counted them.
extension ServiceMetrics {
    var queryFamilies: [MetricFamily] {
        [queries, responses, responseTimes]
            + [
                sizes("horizond_query_size_bytes", "Sizes of queries.", counts.querySizes),
                sizes("horizond_response_size_bytes", "Sizes of responses.", counts.responseSizes),
                counter(
                    "horizond_stale_cookies_total",
                    "Queries with a server cookie that is not ours or too old (RFC 7873).",
                    \.queries.staleCookies),
            ]
    }

    /// The view is empty for clients in none.
    private var queries: MetricFamily {
        var family = MetricFamily(
            .counter, "horizond_queries_total",
            "Queries by the client's view (empty for clients in none), transport, address family and type."
        )
        forEachQueryKind { kind, count in
            family.add(
                count,
                [
                    "view": kind.view ?? "", "transport": kind.transport.label,
                    "family": kind.isIPv4 ? "ipv4" : "ipv6", "type": kind.typeLabel,
                ])
        }
        return family
    }

    private var responses: MetricFamily {
        var family = MetricFamily(
            .counter, "horizond_responses_total",
            "Responses by where they came from (overlay, zone, cache, stale, upstream; failure: no "
                + "upstream answered; refused; error; server: about itself) and RCODE.")
        for source in AnswerSource.allCases {
            let counted = counts.responses(source)
            let usual = Self.usualRCodes.filter { rcode in !counted.contains { $0.rcode == rcode } }
            for (rcode, count) in usual.map({ ($0, 0) }) + counted {
                family.add(count, ["source": source.rawValue, "rcode": "\(rcode)"])
            }
        }
        return family
    }

    /// They are there from the start, since a rate does not see the first of something.
    private static let usualRCodes: [RCode] = [.noError, .nameError, .serverFailure, .refused]

    private var responseTimes: MetricFamily {
        var family = MetricFamily(
            .histogram, "horizond_response_duration_seconds",
            "Time from the receipt of a query until its response was sent, by where that came from."
        )
        for source in AnswerSource.allCases {
            family.add(MetricHistogram(counts.times(source)), ["source": source.rawValue])
        }
        return family
    }

    private func sizes(
        _ name: String, _ help: String, _ sizes: (ClientTransport) -> SizeHistogram
    ) -> MetricFamily {
        var family = MetricFamily(.histogram, name, help)
        for transport in Self.transports {
            family.add(MetricHistogram(sizes(transport)), ["transport": transport.label])
        }
        return family
    }

    static let transports = [ClientTransport.udp, .tcp]

    /// What is counted apart. A view is nil for clients in none, a type for all that have no count of
    /// their own.
    struct Kind {
        let view: String?
        let transport: ClientTransport
        let isIPv4: Bool
        let type: RRType?

        var typeLabel: String { type.map { "\($0)" } ?? "other" }
    }

    /// All kinds, those without a query too: what was not there before cannot be seen to rise.
    func forEachQueryKind(_ body: (Kind, UInt64) -> Void) {
        for view in counts.views {
            for transport in Self.transports {
                for isIPv4 in [true, false] {
                    for type in QueryKind.types.map(Optional.some) + [nil] {
                        let count = counts.queries(
                            view: view, type, isIPv4: isIPv4, over: transport)
                        body(
                            Kind(view: view, transport: transport, isIPv4: isIPv4, type: type),
                            count)
                    }
                }
            }
        }
    }
}

extension ClientTransport {
    var label: String { self == .tcp ? "tcp" : "udp" }
}

extension MetricHistogram {
    init(_ times: TimeHistogram) {
        self.init(
            bounds: TimeHistogram.bounds.map { Double($0) / 1e9 }, counts: times.buckets,
            sum: Double(times.sum) / 1e9)
    }

    /// No message is longer than the last bound.
    init(_ sizes: SizeHistogram) {
        self.init(
            bounds: SizeHistogram.bounds.map(Double.init), counts: sizes.buckets + [0],
            sum: Double(sizes.sum))
    }
}
