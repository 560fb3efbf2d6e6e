// The least that a DNS server can do: it turns every query into an answer with one fixed address.
// What it needs is what the kernel needs. It looks at nothing but the end of the question, so it
// serves loopback only. It is the fast upstream of the forwarders, too.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <unistd.h>

static const char usage[] =
    "yardstick blocking|epoll|tcp PORT [ADDRESS [TTL]]\n"
    "\n"
    "Answers on 127.0.0.1 every question of type A with ADDRESS (203.0.113.7) and TTL (300), others\n"
    "with no data: by datagrams, blocking in recvmmsg or in epoll_wait, or by TCP.\n";

enum { HEADER = 12, TYPE_AND_CLASS = 4, RECORD = 16, BATCH = 32, MESSAGE = 1024 };
enum { RECEIVE_BUFFER = 4 << 20, READY = 128, STREAM = 32 << 10, LENGTH_FIELD = 2 };

// The answer's record: a pointer to the question's name, A, IN, TTL, four octets.
static uint8_t record[RECORD] = {0xc0, HEADER, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 203, 0, 113, 7};

// Makes the query in `octets` its answer, in place; the length, or 0 if there is no question.
static size_t answer(uint8_t *octets, size_t length) {
    size_t end = HEADER;
    while (end < length && octets[end] != 0) end += 1u + octets[end];
    end += 1 + TYPE_AND_CLASS;
    if (end > length) return 0;
    bool is_address = octets[end - 4] == 0 && octets[end - 3] == 1;
    octets[2] = (uint8_t)((octets[2] & 0x01) | 0x84);  // QR, AA, and RD as it was
    octets[3] = 0x80;                                  // RA, NOERROR
    memcpy(octets + 4, "\0\1\0\0\0\0\0", 8);           // the question and nothing else,
    octets[7] = is_address;                            // or the question and a record
    if (!is_address) return end;
    memcpy(octets + end, record, RECORD);
    return end + RECORD;
}

static void must(bool is_done, const char *what) {
    if (is_done) return;
    perror(what);
    exit(1);
}

static int bound_socket(int type, uint16_t port) {
    int descriptor = socket(AF_INET, type, 0), on = 1, size = RECEIVE_BUFFER;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (type == SOCK_STREAM) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    must(bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0, "yardstick: bind");
    return descriptor;
}

// Receives and answers one batch; how many datagrams it had.
static int answer_datagrams(int descriptor, int flags) {
    static uint8_t octets[BATCH][MESSAGE + RECORD];
    static struct sockaddr_in clients[BATCH];
    static struct iovec parts[BATCH];
    static struct mmsghdr messages[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){octets[i], MESSAGE};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &clients[i],
                                              .msg_namelen = sizeof clients[i],
                                              .msg_iov = &parts[i],
                                              .msg_iovlen = 1};
    }
    int received = recvmmsg(descriptor, messages, BATCH, flags, NULL);
    unsigned answers = 0;
    for (int i = 0; i < received; i++) {
        size_t length = answer(octets[i], messages[i].msg_len);
        if (length == 0) continue;
        parts[i].iov_len = length;
        messages[answers++].msg_hdr = messages[i].msg_hdr;
    }
    for (unsigned sent = 0; sent < answers;) {
        int count = sendmmsg(descriptor, messages + sent, answers - sent, 0);
        sent += count > 0 ? (unsigned)count : 1;  // what the kernel refuses is left out
    }
    return received;
}

static void serve_blocking(uint16_t port) {
    int descriptor = bound_socket(SOCK_DGRAM, port);
    for (;;) answer_datagrams(descriptor, MSG_WAITFORONE);
}

static void serve_epoll(uint16_t port) {
    int descriptor = bound_socket(SOCK_DGRAM, port), poll_set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poll_set, EPOLL_CTL_ADD, descriptor, &event);
    for (;;) {
        epoll_wait(poll_set, &event, 1, -1);
        while (answer_datagrams(descriptor, MSG_DONTWAIT) == BATCH) {}
    }
}

// A connection and the part of a query that has come.
struct connection {
    int descriptor;
    size_t length;
    uint8_t octets[STREAM];
};

// Reads once, answers every whole query, writes once; false when the connection is over.
static bool answer_stream(struct connection *connection) {
    static uint8_t answers[STREAM * 2];
    ssize_t received = recv(connection->descriptor, connection->octets + connection->length,
                            STREAM - connection->length, 0);
    if (received <= 0) return false;
    size_t end = connection->length + (size_t)received, at = 0, written = 0;
    while (end - at >= LENGTH_FIELD) {
        const uint8_t *query = connection->octets + at;
        size_t length = (size_t)query[0] << 8 | query[1];
        if (end - at - LENGTH_FIELD < length) break;
        uint8_t *message = answers + written;
        memcpy(message + LENGTH_FIELD, query + LENGTH_FIELD, length);
        size_t answered = answer(message + LENGTH_FIELD, length);
        if (answered == 0) return false;
        message[0] = (uint8_t)(answered >> 8);
        message[1] = (uint8_t)answered;
        written += LENGTH_FIELD + answered;
        at += LENGTH_FIELD + length;
    }
    memmove(connection->octets, connection->octets + at, end - at);
    connection->length = end - at;
    return send(connection->descriptor, answers, written, MSG_NOSIGNAL) == (ssize_t)written;
}

static void serve_tcp(uint16_t port) {
    int listener = bound_socket(SOCK_STREAM, port), poll_set = epoll_create1(0), on = 1;
    must(listen(listener, 1024) == 0, "yardstick: listen");
    struct epoll_event event = {.events = EPOLLIN}, ready[READY];
    epoll_ctl(poll_set, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(poll_set, ready, READY, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (!connection) {
                connection = calloc(1, sizeof *connection);
                must(connection != NULL, "yardstick: connection");
                connection->descriptor = accept(listener, NULL, NULL);
                setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event.data.ptr = connection;
                epoll_ctl(poll_set, EPOLL_CTL_ADD, connection->descriptor, &event);
            } else if (!answer_stream(connection)) {
                close(connection->descriptor);
                free(connection);
            }
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 5 || (argc > 3 && inet_pton(AF_INET, argv[3], record + 12) != 1)) {
        fputs(usage, stderr);
        return 2;
    }
    if (argc > 4) {
        uint32_t ttl = htonl((uint32_t)strtoul(argv[4], NULL, 10));
        memcpy(record + 6, &ttl, sizeof ttl);
    }
    uint16_t port = (uint16_t)atoi(argv[2]);
    if (strcmp(argv[1], "blocking") == 0) serve_blocking(port);
    else if (strcmp(argv[1], "epoll") == 0) serve_epoll(port);
    else if (strcmp(argv[1], "tcp") == 0) serve_tcp(port);
    fputs(usage, stderr);
    return 2;
}
