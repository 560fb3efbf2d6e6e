// victim IP SERVER-PORT SECONDS: asks in turn for a local name, for a name that is in the cache and for a new
// one, 300 times a second, and says of each kind how many were answered and how long it took.
#define _GNU_SOURCE
#include "dns.h"
#include <poll.h>

enum { kinds = 3, most = 1 << 16, interval = 1000000000 / 300 };

static const char *const titles[kinds] = {"local", "cached", "uncached"};
static uint64_t sent_at[most];
static uint32_t times[kinds][most];
static unsigned sent[kinds], answered[kinds], failed[kinds];

static int compare(const void *one, const void *other) {
    uint32_t first = *(const uint32_t *)one, second = *(const uint32_t *)other;
    return first < second ? -1 : first > second;
}

static void receive(int descriptor) {
    uint8_t octets[1500];
    while (recv(descriptor, octets, sizeof octets, MSG_DONTWAIT) > 11) {
        unsigned id = (unsigned)octets[0] << 8 | octets[1], kind = id % kinds;
        if (sent_at[id] == 0) continue;
        uint64_t time = (clock_now() - sent_at[id]) / 1000;
        sent_at[id] = 0;
        if ((octets[3] & 15) != 0) {
            failed[kind]++;
            continue;
        }
        times[kind][answered[kind]++] = (uint32_t)time;
    }
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    struct sockaddr_in server = address("127.0.0.1", arguments[2]);
    int descriptor = bound_socket(arguments[1], "0");
    connect(descriptor, (struct sockaddr *)&server, sizeof server);
    unsigned total = (unsigned)(atof(arguments[3]) * 300);
    if (total > most) return 2;
    // The cached name is to be cached before it is asked for.
    uint8_t first[512];
    send(descriptor, first, write_query(first, 0xffff, "popular.example"), 0);
    poll(NULL, 0, 1000);
    recv(descriptor, first, sizeof first, MSG_DONTWAIT);
    uint64_t start = clock_now();
    for (unsigned id = 0; id < total; id++) {
        uint64_t due = start + (uint64_t)id * interval, now;
        while ((now = clock_now()) < due) {
            struct timespec pause = {.tv_nsec = (long)(due - now)};
            struct pollfd readable = {.fd = descriptor, .events = POLLIN};
            if (ppoll(&readable, 1, &pause, NULL) > 0) receive(descriptor);
        }
        char name[64];
        uint8_t octets[512];
        switch (id % kinds) {
        case 0: snprintf(name, sizeof name, "h%u.home.test", id); break;
        case 1: snprintf(name, sizeof name, "popular.example"); break;
        default: snprintf(name, sizeof name, "v%lx-%u.example", (unsigned long)start, id); break;
        }
        sent_at[id] = clock_now();
        sent[id % kinds]++;
        send(descriptor, octets, write_query(octets, (uint16_t)id, name), 0);
    }
    for (uint64_t end = clock_now() + 5000000000u; clock_now() < end;) {
        receive(descriptor);
        poll(NULL, 0, 1);
    }
    for (unsigned kind = 0; kind < kinds; kind++) {
        unsigned n = answered[kind];
        qsort(times[kind], n, sizeof times[kind][0], compare);
        const uint32_t *sorted = times[kind];
        printf("  %-9s %6u sent %6u answered %4u failed   p50 %8.2f ms   p99 %8.2f ms   max %8.2f ms\n",
               titles[kind], sent[kind], n, failed[kind], n ? sorted[n / 2] / 1e3 : 0,
               n ? sorted[n * 99 / 100] / 1e3 : 0, n ? sorted[n - 1] / 1e3 : 0);
    }
}
