// A histogram of times from a nanosecond to a minute, each kept to 3 %.

#pragma once

#include <stdint.h>
#include <string.h>

// Every power of two is divided into this many parts.
#define LATENCY_PARTS 32u
#define LATENCY_BUCKETS (36u * LATENCY_PARTS)

struct latencies {
    uint64_t count;
    uint64_t longest;
    uint32_t buckets[LATENCY_BUCKETS];
};

static inline void latencies_add(struct latencies *latencies, uint64_t nanoseconds) {
    uint64_t bucket = nanoseconds;
    if (nanoseconds >= LATENCY_PARTS) {
        unsigned shift = 58u - (unsigned)__builtin_clzll(nanoseconds);
        bucket = LATENCY_PARTS * shift + (nanoseconds >> shift);
    }
    latencies->buckets[bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1]++;
    latencies->count++;
    if (nanoseconds > latencies->longest) latencies->longest = nanoseconds;
}

// The nanoseconds that `part` (0.99 for the 99th percentile) of the times do not exceed.
static inline double latencies_quantile(const struct latencies *latencies, double part) {
    uint64_t rank = (uint64_t)(part * (double)latencies->count), seen = 0;
    for (unsigned bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
        seen += latencies->buckets[bucket];
        if (seen <= rank) continue;
        if (bucket < LATENCY_PARTS) return bucket;
        unsigned shift = bucket / LATENCY_PARTS - 1;
        uint64_t first = (uint64_t)(LATENCY_PARTS + bucket % LATENCY_PARTS) << shift;
        return (double)first + (double)(1ull << shift) / 2;
    }
    return (double)latencies->longest;
}

static inline void latencies_clear(struct latencies *latencies) {
    memset(latencies, 0, sizeof *latencies);
}
