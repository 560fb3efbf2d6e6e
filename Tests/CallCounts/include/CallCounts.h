/* Counts what a program calls: memory allocation, Swift's reference counting, and the socket calls.
   Linked into a program, or loaded into the release program by LD_PRELOAD. */
#ifndef CALL_COUNTS_H
#define CALL_COUNTS_H

#include <stdint.h>

/* What was called so far, on all threads. With HORIZOND_CALL_COUNTS in the environment it lies at
   the start of the file of that path, where another process reads it. The tests read these words by
   their order. */
struct call_counts {
    /* 1 when the Swift runtime was found in the program, so that the references count. */
    uint64_t counts_references;
    uint64_t allocations;
    uint64_t retains;
    uint64_t releases;
    /* Socket calls that received something, and those that found nothing. */
    uint64_t receives;
    uint64_t empty_receives;
    uint64_t sends;
    /* The messages of `receives`: datagrams, or pieces of a stream. */
    uint64_t received;
    /* As above, but only between a read and the send after it, on the thread that reads. */
    uint64_t allocations_on_path;
    uint64_t retains_on_path;
    uint64_t releases_on_path;
};

/* The counts; the address stays the same. */
const volatile struct call_counts *call_counts(void);

/* Begins or ends to count references, which slows the program down. It is off in a program that this
   is linked into. Returns 0 when the program has no symbols of the Swift runtime. */
int call_counts_references(int on);

#endif
