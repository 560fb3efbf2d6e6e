#include "channel.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>

uint64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool channel_watch(struct load *load, struct channel *channel) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = channel};
    return epoll_ctl(load->poll_set, EPOLL_CTL_ADD, channel->socket, &event) == 0;
}

// xorshift64*, the upper half.
static uint32_t next_random(struct load *load) {
    uint64_t x = load->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    load->random = x;
    return (uint32_t)((x * 0x2545f4914f6cdd1dull) >> 32);
}

static uint32_t random_below(struct load *load, uint32_t bound) {
    return (uint32_t)((uint64_t)next_random(load) * bound >> 32);
}

// Chooses a set and a number; false when priming is done.
static bool choose(struct load *load, struct exchange *exchange) {
    if (load->is_priming) {
        while (load->primed_set < load->set_count &&
               load->next_primed >= load->sets[load->primed_set].names) {
            load->primed_set++;
            load->next_primed = 0;
        }
        if (load->primed_set == load->set_count) return false;
        exchange->set = (uint16_t)load->primed_set;
        exchange->number = load->next_primed++;
        return true;
    }
    unsigned set = 0;
    if (load->set_count > 1) {
        uint32_t drawn = random_below(load, load->weights);
        while (drawn >= load->sets[set].weight) drawn -= load->sets[set++].weight;
    }
    exchange->set = (uint16_t)set;
    uint32_t names = load->sets[set].names;
    exchange->number = names ? random_below(load, names) : load->next_unique++;
    return true;
}

size_t channel_next_query(struct load *load, struct channel *channel, uint8_t *octets,
                          uint64_t now) {
    struct exchange *exchange = &channel->exchanges[channel->next & channel->mask];
    if (exchange->sent_at != 0 || !choose(load, exchange)) return 0;
    exchange->sent_at = now;
    exchange->id = channel->next++;
    channel->outstanding++;
    load->tally.sent++;
    return query_write(&load->sets[exchange->set], exchange->number, exchange->id, octets);
}

static void note_wrong(const struct load *load, const uint8_t *octets, size_t length) {
    if (load->tally.wrong != 0) return;
    fputs("load: the first wrong answer: ", stderr);
    for (size_t i = 0; i < length && i < 96; i++) fprintf(stderr, "%02x", octets[i]);
    fputc('\n', stderr);
}

void channel_take(struct load *load, struct channel *channel, const uint8_t *octets,
                  size_t length, uint64_t now) {
    struct tally *tally = &load->tally;
    uint16_t id = length < 12 ? 0 : (uint16_t)(octets[0] << 8 | octets[1]);
    struct exchange *exchange = &channel->exchanges[id & channel->mask];
    if (length < 12 || exchange->sent_at == 0 || exchange->id != id) {
        tally->unmatched++;
        return;
    }
    uint64_t sent_at = exchange->sent_at;
    exchange->sent_at = 0;
    channel->outstanding--;
    switch (answer_judge(&load->sets[exchange->set], exchange->number, octets, length)) {
    case ANSWER_WRONG:
        note_wrong(load, octets, length);
        tally->wrong++;
        return;
    case ANSWER_RIGHT_AND_NEW:
        if (tally->first_new == 0) tally->first_new = now;
        break;
    case ANSWER_RIGHT:
        break;
    }
    tally->answered++;
    if (tally->last_answer != 0 && now - tally->last_answer > tally->longest_gap)
        tally->longest_gap = now - tally->last_answer;
    tally->last_answer = now;
    latencies_add(&tally->latencies, now - sent_at);
}

static void lose(struct load *load, struct channel *channel, struct exchange *exchange) {
    exchange->sent_at = 0;
    channel->outstanding--;
    load->tally.lost++;
}

void channel_expire(struct load *load, struct channel *channel, uint64_t now) {
    while (channel->oldest != channel->next) {
        struct exchange *exchange = &channel->exchanges[channel->oldest & channel->mask];
        bool is_out = exchange->sent_at != 0;
        if (is_out && now < exchange->sent_at + load->timeout) return;
        if (is_out) lose(load, channel, exchange);
        channel->oldest++;
    }
}

void channel_abandon(struct load *load, struct channel *channel) {
    for (unsigned slot = 0; slot <= channel->mask; slot++) {
        if (channel->exchanges[slot].sent_at != 0) lose(load, channel, &channel->exchanges[slot]);
    }
    channel->oldest = channel->next;
}
