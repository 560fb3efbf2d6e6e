import Admin
import Nameserver
import Transport

extension ServiceMetrics {
    /// Each upstream under its address as the configuration has it.
    var upstreamFamilies: [MetricFamily] {
        var queries = MetricFamily(
            .counter, "horizond_upstream_queries_total",
            "Queries sent to an upstream, repeated ones included.")
        var answers = MetricFamily(
            .counter, "horizond_upstream_answers_total",
            "Answers from an upstream, whatever they say.")
        var failures = MetricFamily(
            .counter, "horizond_upstream_failures_total",
            "Attempts at an upstream that failed or took too long.")
        var probes = MetricFamily(
            .counter, "horizond_upstream_probes_total", "Probes of an upstream that had failed.")
        var failedProbes = MetricFamily(
            .counter, "horizond_upstream_failed_probes_total",
            "Probes that had no answer in a second.")
        var time = MetricFamily(
            .gauge, "horizond_upstream_response_time_seconds",
            "The smoothed time to an upstream's answer (RFC 6298); none before the first.")
        var state = MetricFamily(
            .gauge, "horizond_upstream_state",
            "1 for the state that an upstream is in: up, failing (not answered since an attempt "
                + "failed), down (nor to three probes), or loop (it sends questions back here).")
        for upstream in upstreams {
            let address = "\(upstream.address)"
            let (counts, probed) = (upstream.counts, upstream.probes)
            queries.add(counts.sent, ["upstream": address])
            answers.add(counts.answered, ["upstream": address])
            failures.add(counts.failed, ["upstream": address])
            probes.add(probed.sent, ["upstream": address])
            failedProbes.add(probed.failed, ["upstream": address])
            if upstream.responseTime > 0 {
                let seconds = Double(upstream.responseTime) / 1e9
                time.add(seconds, ["upstream": address])
            }
            let current = upstream.state
            for each in Upstream.State.allCases {
                state.add(each == current ? 1 : 0, ["upstream": address, "state": each.rawValue])
            }
        }
        return [queries, answers, failures, probes, failedProbes, time, state]
    }

    var forwardingFamilies: [MetricFamily] {
        [
            gauge(
                "horizond_forward_questions_in_flight", "Questions that upstreams are asked now.",
                report.inFlight),
            counter(
                "horizond_forward_queries_total",
                "Queries sent to upstreams, repeated ones and checks for loops included, without probes.",
                \.forwarding.sent),
            counter(
                "horizond_forward_joined_total",
                "Queries whose question was in flight already for another client.",
                \.forwarding.joined),
            counter(
                "horizond_forward_repeated_total",
                "Queries sent once more to the same upstream, in case a datagram was lost.",
                \.forwarding.repeated),
            counters(
                "horizond_forward_failed_attempts_total", "Attempts at upstreams that failed.",
                by: "reason",
                [
                    "timeout": \.forwarding.timeouts, "malformed": \.forwarding.malformed,
                    "other": { $0.forwarding.otherFailures },
                ]),
            counters(
                "horizond_forward_moved_to_tcp_total",
                "Questions asked again over TCP: their reply was cut, or their datagrams were doubtful.",
                by: "reason",
                ["truncated": \.forwarding.truncated, "suspicious": \.forwarding.suspicious]),
            counters(
                "horizond_forward_replies_rejected_total",
                "Messages from upstreams that were no reply to a query, or not to be believed.",
                by: "reason",
                [
                    "id": \.transport.upstreamWrongID, "question": \.transport.upstreamRejected,
                    "late": \.transport.upstreamLate,
                ]),
            counters(
                "horizond_forward_tls_handshakes_total", "TLS handshakes with upstreams.",
                by: "session",
                [
                    "new": { $0.transport.upstreamHandshakes &- $0.transport.upstreamResumptions },
                    "resumed": \.transport.upstreamResumptions,
                ]),
        ]
    }
}

extension Upstream {
    /// What queries make of it.
    enum State: String, CaseIterable {
        case up, failing, down, loop
    }

    var state: State {
        isLooping ? .loop : isDown ? .down : isFailing ? .failing : .up
    }
}

extension ForwardingCounters {
    /// The network said so, or the reply was not to be used.
    fileprivate var otherFailures: UInt64 { failedAttempts &- timeouts &- malformed }
}
