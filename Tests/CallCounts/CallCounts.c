#define _GNU_SOURCE
#include "CallCounts.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <errno.h>
#include <unistd.h>

static struct call_counts own_counts;
static struct call_counts *counts = &own_counts;

/* Whether this thread has read something and not sent since. */
static __thread bool is_on_path __attribute__((tls_model("initial-exec")));

static void count(uint64_t *counter) { __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

static void count_with_path(uint64_t *counter, uint64_t *counter_on_path) {
    count(counter);
    if (is_on_path) count(counter_on_path);
}

const volatile struct call_counts *call_counts(void) { return counts; }

/* MARK: Allocation. glibc has these functions under names of its own, too. */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static void count_allocation(void) {
    count_with_path(&counts->allocations, &counts->allocations_on_path);
}

void *malloc(size_t size) {
    count_allocation();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count_allocation();
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
    count_allocation();
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count_allocation();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    count_allocation();
    *block = __libc_memalign(alignment, size);
    return *block == NULL ? ENOMEM : 0;
}

/* MARK: Sockets */

static ssize_t received(ssize_t result, ssize_t messages) {
    if (result > 0) {
        count(&counts->receives);
        __atomic_fetch_add(&counts->received, (uint64_t)messages, __ATOMIC_RELAXED);
        is_on_path = true;
    } else {
        count(&counts->empty_receives);
    }
    return result;
}

/* Counted before the call, so that whoever has the answer finds it counted. */
static void will_send(void) {
    is_on_path = false;
    count(&counts->sends);
}

int recvmmsg(int socket, struct mmsghdr *messages, unsigned int number, int flags,
             struct timespec *timeout) {
    long result = syscall(SYS_recvmmsg, socket, messages, number, flags, timeout);
    return (int)received(result, result);
}

ssize_t recv(int socket, void *octets, size_t length, int flags) {
    return received(syscall(SYS_recvfrom, socket, octets, length, flags, NULL, NULL), 1);
}

ssize_t recvmsg(int socket, struct msghdr *message, int flags) {
    return received(syscall(SYS_recvmsg, socket, message, flags), 1);
}

int sendmmsg(int socket, struct mmsghdr *messages, unsigned int number, int flags) {
    will_send();
    return (int)syscall(SYS_sendmmsg, socket, messages, number, flags);
}

ssize_t send(int socket, const void *octets, size_t length, int flags) {
    will_send();
    return syscall(SYS_sendto, socket, octets, length, flags, NULL, 0);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    will_send();
    return syscall(SYS_sendmsg, socket, message, flags);
}

ssize_t writev(int descriptor, const struct iovec *parts, int number) {
    will_send();
    return syscall(SYS_writev, descriptor, parts, number);
}

/* A round that ends without an answer ends the path, too. */
int epoll_wait(int set, struct epoll_event *events, int number, int timeout) {
    is_on_path = false;
    return (int)syscall(SYS_epoll_pwait, set, events, number, timeout, NULL, 0);
}

/* MARK: References. The Swift runtime calls these pointers instead of its own functions once its
   switch for instruments is on. In a program that carries the runtime they are no dynamic symbols,
   so they are looked for in the program's file. */

typedef void *retain_function(void *);
typedef void *retain_n_function(void *, uint32_t);
typedef void release_function(void *);
typedef void release_n_function(void *, uint32_t);

/* The pointers, and what they point to by themselves. `_swift_retain` is only read: the step before
   it clears the upper bits of what may be no object (a short string), so nobody can tell any more. */
static retain_function **retain_step, **retain, *own_retain;
static retain_n_function **retain_n, *own_retain_n;
static release_function **release, *own_release;
static release_n_function **release_n, *own_release_n;
static bool *is_instrumented;

/* What is no object, or lives for ever, has nothing counted. */
static bool is_counted(void *object) { return (intptr_t)object > 0; }

static void count_retain(void *object) {
    if (is_counted(object)) count_with_path(&counts->retains, &counts->retains_on_path);
}

static void count_release(void *object) {
    if (is_counted(object)) count_with_path(&counts->releases, &counts->releases_on_path);
}

static void *counted_retain(void *object) {
    count_retain(object);
    return own_retain(object);
}

static void *counted_retain_n(void *object, uint32_t number) {
    count_retain(object);
    return own_retain_n(object, number);
}

static void counted_release(void *object) {
    count_release(object);
    own_release(object);
}

static void counted_release_n(void *object, uint32_t number) {
    count_release(object);
    own_release_n(object, number);
}

static const struct {
    const char *name;
    void **place;
} symbols[] = {
    {"_ZL21_swift_retain_adapter", (void **)&retain_step},
    {"_swift_retain", (void **)&retain},
    {"_swift_retain_n", (void **)&retain_n},
    {"_swift_release", (void **)&release},
    {"_swift_release_n", (void **)&release_n},
    {"_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly",
     (void **)&is_instrumented},
};

/* How far the program was moved from the addresses in its file; it is the first that is told. */
static int find_base(struct dl_phdr_info *program, size_t size, void *base) {
    (void)size;
    *(uintptr_t *)base = program->dlpi_addr;
    return 1;
}

static void find_symbols_in(const char *file) {
    uintptr_t base = 0;
    dl_iterate_phdr(find_base, &base);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + header->e_shoff);
    for (int section = 0; section < header->e_shnum; section++) {
        if (sections[section].sh_type != SHT_SYMTAB) continue;
        const Elf64_Sym *symbol = (const Elf64_Sym *)(file + sections[section].sh_offset);
        const Elf64_Sym *end = symbol + sections[section].sh_size / sizeof *symbol;
        const char *names = file + sections[sections[section].sh_link].sh_offset;
        for (; symbol < end; symbol++) {
            for (size_t index = 0; index < sizeof symbols / sizeof *symbols; index++) {
                if (strcmp(names + symbol->st_name, symbols[index].name) == 0)
                    *symbols[index].place = (void *)(base + symbol->st_value);
            }
        }
    }
}

static void find_symbols(void) {
    struct stat status;
    int descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) return;
    char *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (file == MAP_FAILED) return;
    find_symbols_in(file);
    munmap(file, (size_t)status.st_size);
}

static bool has_symbols(void) {
    for (size_t index = 0; index < sizeof symbols / sizeof *symbols; index++)
        if (*symbols[index].place == NULL) return false;
    return true;
}

int call_counts_references(int on) {
    if (!has_symbols()) return 0;
    __atomic_store_n(is_instrumented, on != 0, __ATOMIC_RELAXED);
    return 1;
}

static void hook_references(void) {
    find_symbols();
    if (!has_symbols()) return;
    own_retain = *retain;
    own_retain_n = *retain_n;
    own_release = *release;
    own_release_n = *release_n;
    *retain_step = counted_retain;
    *retain_n = counted_retain_n;
    *release = counted_release;
    *release_n = counted_release_n;
    counts->counts_references = 1;
}

static void share_counts(const char *path) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0 || ftruncate(descriptor, sizeof *counts) != 0) abort();
    void *shared =
        mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (shared == MAP_FAILED) abort();
    counts = shared;
}

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("HORIZOND_CALL_COUNTS");
    if (path != NULL) share_counts(path);
    hook_references();
    if (path != NULL) call_counts_references(1);
}
