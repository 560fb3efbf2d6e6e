import Admin
import Configuration
import Nameserver

extension ServiceMetrics {
    var cacheFamilies: [MetricFamily] {
        let cache = report.cache
        return [
            gauge(
                "horizond_cache_entries", "Stored answers, expired ones included.", cache.entries),
            gauge("horizond_cache_size_bytes", "What the stored answers take.", cache.octets),
            gauge(
                "horizond_cache_limit_bytes",
                "What they may take at present: cache-size, or less while memory is short.",
                memory.cacheLimit),
            gauge(
                "horizond_cache_full_limit_bytes", "What they may take (cache-size).",
                memory.cacheSize),
            MetricFamily(
                .counter, "horizond_cache_hits_total",
                "Queries answered from the cache within the answer's lifetime.",
                value: counts.responseCount(.cache)),
            MetricFamily(
                .counter, "horizond_cache_stale_hits_total",
                "Queries answered from the cache with an answer past its lifetime (RFC 8767).",
                value: counts.responseCount(.stale)),
            counter(
                "horizond_cache_misses_total",
                "Look-ups in the cache that found nothing, or what is past its lifetime.",
                \.queries.cacheMisses),
            MetricFamily(
                .counter, "horizond_cache_insertions_total",
                "Answers stored, those that took another's place included.", value: cache.insertions
            ),
            MetricFamily(
                .counter, "horizond_cache_evictions_total",
                "Answers that had to make room for others.", value: cache.evictions),
            counter(
                "horizond_cache_refreshes_total",
                "Questions asked before their answer's time was over, or for one that is past it.",
                \.forwarding.refreshes),
        ]
    }
}
