#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"

// The octets that a connection may have waiting on either side of its socket.
enum { BUFFER = 64 << 10, LENGTH_FIELD = 2, TCP_SLOTS = 1024 };

static bool tcp_open(struct load *load, struct channel *channel) {
    channel->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (channel->socket < 0) return false;
    int on = 1;
    setsockopt(channel->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(channel->socket, (struct sockaddr *)&load->server, sizeof load->server) != 0)
        return false;
    fcntl(channel->socket, F_SETFL, O_NONBLOCK);
    if (!channel->unsent) channel->unsent = malloc(BUFFER);
    if (!channel->unread) channel->unread = malloc(BUFFER);
    channel->unsent_length = channel->unread_length = 0;
    return channel->unsent && channel->unread && channel_watch(load, channel);
}

static void flush(struct channel *channel) {
    ssize_t sent = send(channel->socket, channel->unsent, channel->unsent_length, MSG_NOSIGNAL);
    if (sent <= 0) return;
    channel->unsent_length -= (size_t)sent;
    memmove(channel->unsent, channel->unsent + sent, channel->unsent_length);
}

static unsigned tcp_send(struct load *load, struct channel *channel, unsigned count,
                         uint64_t now) {
    unsigned sent = 0;
    while (sent < count && channel->unsent_length + LENGTH_FIELD + QUERY_SIZE <= BUFFER) {
        uint8_t *message = channel->unsent + channel->unsent_length;
        size_t length = channel_next_query(load, channel, message + LENGTH_FIELD, now);
        if (length == 0) break;
        message[0] = (uint8_t)(length >> 8);
        message[1] = (uint8_t)length;
        channel->unsent_length += LENGTH_FIELD + length;
        sent++;
    }
    if (channel->unsent_length > 0) flush(channel);
    return sent;
}

// A server that closes loses what was asked through the connection; the next one is opened.
static void reconnect(struct load *load, struct channel *channel) {
    channel_abandon(load, channel);
    close(channel->socket);
    load->tally.reconnects++;
    if (!tcp_open(load, channel)) {
        perror("load: reconnecting");
        exit(1);
    }
}

static void tcp_receive(struct load *load, struct channel *channel) {
    uint8_t *octets = channel->unread;
    ssize_t received = recv(channel->socket, octets + channel->unread_length,
                            BUFFER - channel->unread_length, MSG_DONTWAIT);
    if (received == 0 || (received < 0 && errno != EAGAIN)) return reconnect(load, channel);
    if (received < 0) return;
    uint64_t now = clock_now();
    size_t end = channel->unread_length + (size_t)received, at = 0;
    while (end - at >= LENGTH_FIELD) {
        size_t length = (size_t)octets[at] << 8 | octets[at + 1];
        if (end - at - LENGTH_FIELD < length) break;
        channel_take(load, channel, octets + at + LENGTH_FIELD, length, now);
        at += LENGTH_FIELD + length;
    }
    memmove(octets, octets + at, end - at);
    channel->unread_length = end - at;
}

const struct transport tcp_transport = {TCP_SLOTS, tcp_open, tcp_send, tcp_receive};
