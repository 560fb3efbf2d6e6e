import Admin
import Nameserver
import Transport

extension ServiceMetrics {
    var transportFamilies: [MetricFamily] { dropFamilies + connectionFamilies }

    private var dropFamilies: [MetricFamily] {
        [
            counters(
                "horizond_queries_dropped_total",
                "Messages that got no answer: too short or no query, from port 0, from this server's own "
                    + "address, or larger than any query.",
                by: "reason",
                [
                    "not_a_query": \.queries.ignored,
                    "source_port_zero": \.transport.droppedSourcePortZero,
                    "own_address": \.transport.droppedOwnAddress,
                    "too_large": \.transport.droppedTruncated,
                ]),
            counters(
                "horizond_responses_dropped_total",
                "Responses that were not sent: their listener or connection was gone, they were too long, "
                    + "or the kernel refused them.",
                by: "reason",
                [
                    "path_gone": \.transport.droppedPathGone,
                    "too_large": \.transport.droppedOversized,
                    "send_failure": \.transport.sendFailures,
                ]),
            counters(
                "horizond_sends_delayed_total",
                "Datagrams that the kernel had no room for at once (EAGAIN, ENOBUFS) and that were sent, or "
                    + "tried, a little later.",
                by: "kind",
                [
                    "response": \.transport.sendDelays,
                    "upstream_query": \.transport.upstreamSendDelays,
                ]),
            MetricFamily(
                .counter, "horizond_query_log_lines_dropped_total",
                "Lines of the query log that were lost because they came too fast or could not be written.",
                value: queryLogLinesLost),
        ]
    }

    private var connectionFamilies: [MetricFamily] {
        [
            gauge(
                "horizond_tcp_connections", "TCP connections of clients that are open.",
                report.workers.reduce(0) { $0 + $1.transport.tcpOpen }),
            counter(
                "horizond_tcp_connections_accepted_total", "TCP connections accepted from clients.",
                \.transport.tcpAccepted),
            counters(
                "horizond_tcp_connections_ended_total",
                "TCP connections that this server ended: their client had too many, room was needed, they "
                    + "were idle or too old, sent no message, or did not read.",
                by: "reason",
                [
                    "refused": \.transport.tcpRefused, "evicted": \.transport.tcpEvicted,
                    "timeout": \.transport.tcpTimedOut, "retired": \.transport.tcpRetired,
                    "malformed": \.transport.tcpMalformed, "overrun": \.transport.tcpOverrun,
                ]),
            counter(
                "horizond_tcp_accept_failures_total",
                "Times that no TCP connection could be accepted: no descriptors or no memory.",
                \.transport.tcpAcceptFailures),
            counter(
                "horizond_descriptor_shortages_total",
                "Times that a connection or an upstream's socket was not opened at once for want of "
                    + "descriptors.",
                \.transport.descriptorShortages),
        ]
    }
}
