// One socket to the server and the queries that are on their way through it.

#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "latencies.h"
#include "queries.h"

// The most sets of names that one run asks from.
#define QUERY_SETS 8

// What happened in a phase of the run.
struct tally {
    uint64_t sent, answered, lost, wrong, unmatched, reconnects;
    uint64_t last_answer;     // when; nanoseconds
    uint64_t longest_gap;     // between two right answers
    uint64_t first_new;       // when the first answer with a new address came; or 0
    struct latencies latencies;
};

// A query that was sent. Its slot is its ID's lower bits, so it is found without a search.
struct exchange {
    uint64_t sent_at;  // 0 when it is over
    uint32_t number;
    uint16_t id;
    uint16_t set;
};

struct channel {
    int socket;
    uint16_t next, oldest;    // IDs
    unsigned outstanding;
    unsigned mask;            // slots less one
    struct exchange *exchanges;
    uint8_t *unsent, *unread;  // over TCP, what the socket did not take, and part of a message
    size_t unsent_length, unread_length;
};

// What all channels share.
struct load {
    int poll_set;             // of epoll, with the sockets of all channels
    struct sockaddr_in server;
    struct query_set sets[QUERY_SETS];
    unsigned set_count, weights;
    uint32_t next_unique;     // the number of the next name that is asked for once
    bool is_priming;          // each name once and in order
    unsigned primed_set;
    uint32_t next_primed;
    uint64_t timeout;         // nanoseconds
    uint64_t random;
    struct tally tally;
};

// How octets come and go: over UDP or TCP.
struct transport {
    unsigned slots;           // a power of two
    bool (*open)(struct load *load, struct channel *channel);
    // Sends `count` new queries, or as many as there are slots for; how many.
    unsigned (*send)(struct load *load, struct channel *channel, unsigned count, uint64_t now);
    // Takes what has arrived.
    void (*receive)(struct load *load, struct channel *channel);
};

extern const struct transport udp_transport, tcp_transport;

uint64_t clock_now(void);

// Has the poll set watch the channel's socket.
bool channel_watch(struct load *load, struct channel *channel);

// Writes the next query that goes through `channel`; its length, or 0 when there is none to send.
size_t channel_next_query(struct load *load, struct channel *channel, uint8_t *octets,
                          uint64_t now);

// Ends the exchange that `octets` answer, and counts it.
void channel_take(struct load *load, struct channel *channel, const uint8_t *octets,
                  size_t length, uint64_t now);

// Counts as lost what is out longer than the timeout.
void channel_expire(struct load *load, struct channel *channel, uint64_t now);

// Counts everything that is out as lost.
void channel_abandon(struct load *load, struct channel *channel);
