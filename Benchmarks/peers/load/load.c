// Asks a DNS server for what it is told to, checks every answer, and says how fast they came.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "channel.h"

static const char usage[] =
    "load [OPTIONS] ADDRESS PORT SET...\n"
    "\n"
    "A SET is WEIGHT:TYPE:NAME:NAMES:ANSWER[:NEW]. TYPE is A, AAAA, HTTPS or a number. A # in NAME is\n"
    "a random number below NAMES, or with NAMES 0 one that is never asked for again. ANSWER is the\n"
    "address that the first record must have, ADDRESS+ if the number is added to it, or `none`; NEW\n"
    "is another good address, whose first appearance is reported.\n"
    "\n"
    "  --window N      closed loop: N queries are out at any time, over all sockets (128)\n"
    "  --rate N        open loop instead: N queries a second, answered or not\n"
    "  --seconds N     how long (3)\n"
    "  --prime         asks for every name once, in order, and ends\n"
    "  --sockets N     source ports, or TCP connections (8)\n"
    "  --tcp           over TCP\n"
    "  --timeout N     milliseconds until a query is lost (1000)\n"
    "  --first N       the first number of names that are asked for once (the microsecond)\n"
    "  --spin          never sleeps: for a core of its own\n"
    "\n"
    "Each phase gives a line of JSON; SIGUSR1 begins another, SIGTERM ends the run. `new` is a line\n"
    "when NEW is first seen.\n"
    "Times are of the queries that were answered right; those that were not count as wrong, and late\n"
    "and doubled answers as unmatched only.\n";

// The most sockets; beyond these a server's limits are measured.
enum { MOST_SOCKETS = 1024, MOST_READY = 64 };

// How long the loop sleeps at most, and how often it looks for lost queries: 5 ms.
static const uint64_t housekeeping = 5000000;

struct options {
    const struct transport *transport;
    unsigned sockets, window;
    double rate, seconds;
    bool spins;
};

// A closed loop, or an open one's schedule.
struct run {
    struct options options;
    struct load load;
    struct channel *channels;
    uint64_t start, end;       // of sending; nanoseconds
    uint64_t phase_start;
    uint64_t due;              // queries of the schedule that have been sent
    unsigned turn;             // the channel that sends next
    uint64_t longest_delay;    // by which a query left after its time
    uint64_t next_housekeeping;
    bool is_new_reported;
};

static volatile sig_atomic_t phase_is_over, run_is_over;

static void take_signal(int signal) {
    if (signal == SIGUSR1) phase_is_over = 1;
    else run_is_over = 1;
}

// Prints the phase that ends `now`, of whose answers `in_time` came while queries were sent.
static void report(struct run *run, uint64_t now, uint64_t in_time) {
    struct tally *tally = &run->load.tally;
    double seconds = (double)(now - run->phase_start) / 1e9;
    double new_after =
        tally->first_new ? (double)(tally->first_new - run->phase_start) / 1e9 : -1;
    const struct latencies *latencies = &tally->latencies;
    printf("{\"seconds\": %.4f, \"sent\": %lu, \"answered\": %lu, \"lost\": %lu, \"wrong\": %lu, "
           "\"unmatched\": %lu, \"reconnects\": %lu, \"qps\": %.1f, \"p50_us\": %.1f, "
           "\"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, \"gap_us\": %.1f, "
           "\"delay_us\": %.1f, \"new_after_s\": %.4f}\n",
           seconds, tally->sent, tally->answered, tally->lost, tally->wrong, tally->unmatched,
           tally->reconnects, (double)in_time / seconds,
           latencies_quantile(latencies, 0.5) / 1e3, latencies_quantile(latencies, 0.99) / 1e3,
           latencies_quantile(latencies, 0.999) / 1e3, (double)latencies->longest / 1e3,
           (double)tally->longest_gap / 1e3, (double)run->longest_delay / 1e3, new_after);
    fflush(stdout);
}

static void begin_phase(struct run *run, uint64_t now) {
    uint64_t last_answer = run->load.tally.last_answer;
    memset(&run->load.tally, 0, sizeof run->load.tally);
    run->load.tally.last_answer = last_answer;
    run->longest_delay = 0;
    run->phase_start = now;
}

// Closed loop: what the channel's part of the window has room for.
static unsigned refill(struct run *run, struct channel *channel, uint64_t now) {
    unsigned part = (run->options.window + run->options.sockets - 1) / run->options.sockets;
    if (channel->outstanding >= part) return 0;
    return run->options.transport->send(&run->load, channel, part - channel->outstanding, now);
}

static unsigned refill_all(struct run *run, uint64_t now) {
    unsigned sent = 0;
    for (unsigned i = 0; i < run->options.sockets; i++)
        sent += refill(run, &run->channels[i], now);
    return sent;
}

// Open loop: what is due by now, from socket after socket. What no slot is free for goes unsent.
static void send_due(struct run *run, uint64_t now) {
    double interval = 1e9 / run->options.rate;
    uint64_t due = (uint64_t)((double)(now - run->start) / interval) + 1;
    uint64_t time = run->start + (uint64_t)((double)run->due * interval);
    if (due > run->due && now - time > run->longest_delay) run->longest_delay = now - time;
    for (; run->due < due; run->due++) {
        run->options.transport->send(&run->load, &run->channels[run->turn], 1, now);
        run->turn = (run->turn + 1) % run->options.sockets;
    }
}

// How long nothing has to be sent: the nanoseconds until the next query is due.
static uint64_t idle_time(const struct run *run, uint64_t now) {
    if (run->options.spins) return 0;
    if (run->options.rate == 0) return housekeeping;
    uint64_t time = run->start + (uint64_t)((double)run->due * 1e9 / run->options.rate);
    if (time <= now) return 0;
    return time - now < housekeeping ? time - now : housekeeping;
}

// Waits up to `patience` nanoseconds, and has every channel take what came for it.
static void receive(struct run *run, uint64_t patience, bool is_refilling) {
    struct epoll_event ready[MOST_READY];
    struct timespec timeout = {.tv_nsec = (long)patience};
    int count = epoll_pwait2(run->load.poll_set, ready, MOST_READY, &timeout, NULL);
    for (int i = 0; i < count; i++) {
        struct channel *channel = ready[i].data.ptr;
        run->options.transport->receive(&run->load, channel);
        if (is_refilling) refill(run, channel, clock_now());
    }
}

static void keep_house(struct run *run, uint64_t now) {
    if (now < run->next_housekeeping) return;
    run->next_housekeeping = now + housekeeping;
    for (unsigned i = 0; i < run->options.sockets; i++)
        channel_expire(&run->load, &run->channels[i], now);
    if (run->load.tally.first_new != 0 && !run->is_new_reported) {
        run->is_new_reported = true;
        puts("new");
        fflush(stdout);
    }
    if (phase_is_over) {
        phase_is_over = 0;
        report(run, now, run->load.tally.answered);
        begin_phase(run, now);
    }
}

static unsigned outstanding(const struct run *run) {
    unsigned sum = 0;
    for (unsigned i = 0; i < run->options.sockets; i++) sum += run->channels[i].outstanding;
    return sum;
}

// Takes answers until all have come or are lost.
static void drain(struct run *run) {
    for (uint64_t now = clock_now(); outstanding(run) > 0; now = clock_now()) {
        receive(run, housekeeping, false);
        keep_house(run, now);
    }
}

static void prime(struct run *run) {
    while (refill_all(run, clock_now()) > 0 || outstanding(run) > 0) {
        receive(run, housekeeping, true);
        keep_house(run, clock_now());
    }
}

static void ask(struct run *run) {
    bool is_closed = run->options.rate == 0;
    for (uint64_t now = run->start; now < run->end && !run_is_over; now = clock_now()) {
        // After a loss nothing comes that would make a channel ready, so all are looked at.
        if (is_closed && now >= run->next_housekeeping) refill_all(run, now);
        if (!is_closed) send_due(run, now);
        keep_house(run, now);
        receive(run, idle_time(run, now), is_closed);
    }
}

static void parse_options(struct run *run, int argc, char **argv) {
    enum { WINDOW, RATE, SECONDS, PRIME, SOCKETS, TCP, TIMEOUT, FIRST, SPIN };
    static const struct option long_options[] = {
        {"window", required_argument, NULL, WINDOW},   {"rate", required_argument, NULL, RATE},
        {"seconds", required_argument, NULL, SECONDS}, {"prime", no_argument, NULL, PRIME},
        {"sockets", required_argument, NULL, SOCKETS}, {"tcp", no_argument, NULL, TCP},
        {"timeout", required_argument, NULL, TIMEOUT}, {"first", required_argument, NULL, FIRST},
        {"spin", no_argument, NULL, SPIN},             {0}};
    struct options *options = &run->options;
    struct load *load = &run->load;
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (option) {
        case WINDOW: options->window = (unsigned)atoi(optarg); break;
        case RATE: options->rate = atof(optarg); break;
        case SECONDS: options->seconds = atof(optarg); break;
        case PRIME: load->is_priming = true; break;
        case SOCKETS: options->sockets = (unsigned)atoi(optarg); break;
        case TCP: options->transport = &tcp_transport; break;
        case TIMEOUT: load->timeout = (uint64_t)(atof(optarg) * 1e6); break;
        case FIRST: load->next_unique = (uint32_t)strtoul(optarg, NULL, 10); break;
        case SPIN: options->spins = true; break;
        default: fputs(usage, stderr); exit(2);
        }
    }
    load->server.sin_family = AF_INET;
    bool is_right = argc - optind >= 3 && argc - optind - 2 <= QUERY_SETS &&
                    options->sockets >= 1 && options->sockets <= MOST_SOCKETS &&
                    inet_pton(AF_INET, argv[optind], &load->server.sin_addr) == 1;
    for (int i = optind + 2; is_right && i < argc; i++) {
        struct query_set *set = &load->sets[load->set_count++];
        is_right = query_set_parse(set, argv[i]);
        load->weights += set->weight;
    }
    if (!is_right) {
        fputs(usage, stderr);
        exit(2);
    }
    load->server.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
}

static void open_channels(struct run *run) {
    run->load.poll_set = epoll_create1(EPOLL_CLOEXEC);
    run->channels = calloc(run->options.sockets, sizeof *run->channels);
    for (unsigned i = 0; i < run->options.sockets; i++) {
        struct channel *channel = &run->channels[i];
        unsigned slots = run->options.transport->slots;
        channel->mask = slots - 1;
        channel->exchanges = calloc(slots, sizeof *channel->exchanges);
        if (!channel->exchanges || !run->options.transport->open(&run->load, channel)) {
            perror("load: opening a socket");
            exit(1);
        }
    }
}

int main(int argc, char **argv) {
    static struct run run;
    run.options = (struct options){
        .transport = &udp_transport, .sockets = 8, .window = 128, .seconds = 3};
    run.load.timeout = 1000000000;
    run.load.random = clock_now() | 1;
    // No run asks for a million names a second, so none asks for the names of an earlier one.
    run.load.next_unique = (uint32_t)(clock_now() / 1000 % 3000000000u);
    parse_options(&run, argc, argv);
    open_channels(&run);
    signal(SIGUSR1, take_signal);
    signal(SIGTERM, take_signal);
    prctl(PR_SET_TIMERSLACK, 1);  // nanosecond: sleeps end when they are to end

    run.start = clock_now();
    run.end = run.start + (uint64_t)(run.options.seconds * 1e9);
    begin_phase(&run, run.start);
    if (run.load.is_priming) prime(&run);
    else ask(&run);
    uint64_t end = clock_now(), in_time = run.load.tally.answered;
    drain(&run);
    report(&run, end, in_time);
    return 0;
}
