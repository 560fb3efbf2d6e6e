/* Stands before system calls of a program, as its LD_PRELOAD, and has them fail as a test says, by a
   file that both have in memory: HORIZOND_CALL_FAULTS. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum call { answers, upstream_queries, receives, accepts, waits, calls };

static struct {
    /* The errno with which each call fails; 0 for none. */
    uint64_t error[calls];
    /* How many datagrams sendmmsg takes at a time; 0 for all. */
    uint64_t batch;
    /* How often each call failed. */
    uint64_t failed[calls];
} *faults;

/* -1 with errno when the call is to fail, else 0. */
static int fault(enum call call) {
    uint64_t error = faults == NULL ? 0 : __atomic_load_n(&faults->error[call], __ATOMIC_RELAXED);
    if (error == 0) return 0;
    __atomic_fetch_add(&faults->failed[call], 1, __ATOMIC_RELAXED);
    errno = (int)error;
    return -1;
}

/* Sockets for upstreams are connected. */
int sendmmsg(int socket, struct mmsghdr *messages, unsigned int number, int flags) {
    if (fault(messages[0].msg_hdr.msg_namelen > 0 ? answers : upstream_queries) < 0) return -1;
    uint64_t batch = faults == NULL ? 0 : __atomic_load_n(&faults->batch, __ATOMIC_RELAXED);
    if (batch > 0 && number > batch) number = (unsigned int)batch;
    return (int)syscall(SYS_sendmmsg, socket, messages, number, flags);
}

int recvmmsg(int socket, struct mmsghdr *messages, unsigned int number, int flags,
             struct timespec *timeout) {
    if (fault(receives) < 0) return -1;
    return (int)syscall(SYS_recvmmsg, socket, messages, number, flags, timeout);
}

int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags) {
    if (fault(accepts) < 0) return -1;
    return (int)syscall(SYS_accept4, socket, address, length, flags);
}

int epoll_wait(int set, struct epoll_event *events, int number, int timeout) {
    if (fault(waits) < 0) return -1;
    return (int)syscall(SYS_epoll_pwait, set, events, number, timeout, NULL, 0);
}

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("HORIZOND_CALL_FAULTS");
    if (path == NULL) return;
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0 || ftruncate(descriptor, sizeof *faults) != 0) abort();
    void *shared =
        mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (shared == MAP_FAILED) abort();
    faults = shared;
}
