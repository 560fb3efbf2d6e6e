// upstream PORT MILLISECONDS [SILENT-LABEL]: answers every question with one address after a delay, but for
// those that have the label, which it leaves unanswered.
#define _GNU_SOURCE
#include "dns.h"
#include <poll.h>
#include <strings.h>

enum { capacity = 1 << 16, longest = 512 };

struct pending {
    uint64_t due;
    struct sockaddr_in peer;
    size_t length;
    uint8_t octets[longest];
};

static struct pending queue[capacity];

static size_t make_reply(uint8_t *octets, size_t length) {
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 203, 0, 113, 7};
    size_t end = 12;
    while (end < length && octets[end] != 0) end += octets[end] + 1u;
    end += 5;
    if (end > length || end + sizeof record > longest) return 0;
    octets[2] |= 0x80;
    octets[3] = 0x80;
    memcpy(octets + 6, (uint8_t[]){0, 1, 0, 0, 0, 0}, 6);
    memcpy(octets + end, record, sizeof record);
    return end + sizeof record;
}

// Whether the question has the label, in whatever spelling.
static int has_label(const uint8_t *octets, size_t length, const char *label) {
    size_t size = strlen(label);
    for (size_t offset = 12; offset + size < length && octets[offset] != 0;
         offset += octets[offset] + 1u)
        if (octets[offset] == size &&
            strncasecmp((const char *)octets + offset + 1, label, size) == 0)
            return 1;
    return 0;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    uint64_t delay = (uint64_t)(atof(arguments[2]) * 1e6);
    int descriptor = bound_socket("127.0.0.1", arguments[1]);
    size_t first = 0, next = 0;
    for (;;) {
        struct pollfd readable = {.fd = descriptor, .events = POLLIN};
        poll(&readable, 1, first == next ? -1 : 1);
        for (;;) {
            struct pending *pending = &queue[next % capacity];
            socklen_t size = sizeof pending->peer;
            ssize_t length = recvfrom(descriptor, pending->octets, longest, MSG_DONTWAIT,
                                      (struct sockaddr *)&pending->peer, &size);
            if (length < 17) break;
            if (count > 3 && has_label(pending->octets, (size_t)length, arguments[3])) continue;
            pending->length = make_reply(pending->octets, (size_t)length);
            pending->due = clock_now() + delay;
            if (pending->length > 0 && next - first < capacity - 1) next++;
        }
        for (; first != next && queue[first % capacity].due <= clock_now(); first++) {
            struct pending *pending = &queue[first % capacity];
            sendto(descriptor, pending->octets, pending->length, 0,
                   (struct sockaddr *)&pending->peer, sizeof pending->peer);
        }
    }
}
