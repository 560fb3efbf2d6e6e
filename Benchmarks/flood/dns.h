// What the programs of this directory have in common: a clock, a socket and short queries.
#ifndef DNS_H
#define DNS_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static inline uint64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline struct sockaddr_in address(const char *ip, const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    inet_pton(AF_INET, ip, &address.sin_addr);
    return address;
}

static inline int bound_socket(const char *ip, const char *port) {
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in local = address(ip, port);
    int size = 8 << 20;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(descriptor, (struct sockaddr *)&local, sizeof local) != 0) {
        perror("bind");
        exit(1);
    }
    return descriptor;
}

// A query for the A record of a name of labels with dots between them; returns its length.
static inline size_t write_query(uint8_t *octets, uint16_t id, const char *name) {
    static const uint8_t head[] = {1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    static const uint8_t tail[] = {0, 0, 1, 0, 1};
    octets[0] = (uint8_t)(id >> 8);
    octets[1] = (uint8_t)id;
    memcpy(octets + 2, head, sizeof head);
    uint8_t *end = octets + 12;
    while (*name != 0) {
        size_t length = strcspn(name, ".");
        *end++ = (uint8_t)length;
        memcpy(end, name, length);
        end += length;
        name += length + (name[length] == '.');
    }
    memcpy(end, tail, sizeof tail);
    return (size_t)(end - octets) + sizeof tail;
}

#endif
