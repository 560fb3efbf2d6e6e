#define _GNU_SOURCE
#include <stdio.h>
#include <sys/socket.h>

#include "channel.h"

// Datagrams for one system call, and the octets of the longest answer that is looked at.
enum { BATCH = 64, ANSWER = 1500, RECEIVE_BUFFER = 4 << 20 };

static bool udp_open(struct load *load, struct channel *channel) {
    channel->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (channel->socket < 0) return false;
    // As much as the kernel allows, so that what is lost was lost by the server.
    int size = RECEIVE_BUFFER;
    setsockopt(channel->socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    const struct sockaddr *server = (const struct sockaddr *)&load->server;
    return connect(channel->socket, server, sizeof load->server) == 0 &&
           channel_watch(load, channel);
}

static unsigned udp_send(struct load *load, struct channel *channel, unsigned count,
                         uint64_t now) {
    uint8_t octets[BATCH][QUERY_SIZE];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    unsigned sent = 0;
    while (sent < count) {
        unsigned size = 0;
        while (size < BATCH && sent + size < count) {
            size_t length = channel_next_query(load, channel, octets[size], now);
            if (length == 0) break;
            parts[size] = (struct iovec){octets[size], length};
            messages[size] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[size],
                                                          .msg_iovlen = 1}};
            size++;
        }
        if (size == 0) break;
        // What the kernel does not take counts as lost after the timeout, as it would on a wire.
        sendmmsg(channel->socket, messages, size, 0);
        sent += size;
    }
    return sent;
}

static void udp_receive(struct load *load, struct channel *channel) {
    static uint8_t octets[BATCH][ANSWER];
    static struct iovec parts[BATCH];
    static struct mmsghdr messages[BATCH];
    for (unsigned i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){octets[i], ANSWER};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    int count = recvmmsg(channel->socket, messages, BATCH, MSG_DONTWAIT, NULL);
    uint64_t now = clock_now();
    for (int i = 0; i < count; i++)
        channel_take(load, channel, octets[i], messages[i].msg_len, now);
}

const struct transport udp_transport = {8192, udp_open, udp_send, udp_receive};
