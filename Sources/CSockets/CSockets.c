#define _GNU_SOURCE

#include "CSockets.h"

#include <sched.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

_Static_assert(sizeof(struct hs_datagram) == sizeof(struct mmsghdr), "one layout");
_Static_assert(
    offsetof(struct hs_datagram, length) == offsetof(struct mmsghdr, msg_len), "one layout");

int hs_receive_batch(int fd, struct hs_datagram *datagrams, unsigned int count) {
    return recvmmsg(fd, (struct mmsghdr *)datagrams, count, MSG_DONTWAIT, NULL);
}

int hs_send_batch(int fd, struct hs_datagram *datagrams, unsigned int count) {
    return sendmmsg(fd, (struct mmsghdr *)datagrams, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t hs_send(int fd, const void *octets, size_t count) {
    return send(fd, octets, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t hs_receive(int fd, void *octets, size_t capacity) {
    return recv(fd, octets, capacity, MSG_DONTWAIT);
}

ssize_t hs_send_parts(
    int fd, const void *first, size_t first_count, const void *second, size_t second_count) {
    struct iovec parts[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

struct hs_local hs_read_local(struct msghdr *message) {
    struct hs_local local = {{0, 0}, 0, 0};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            // Not ipi_addr, which is no source address where the query was broadcast.
            memcpy(local.octets, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
            local.interface = (uint32_t)info.ipi_ifindex;
            local.family = AF_INET;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(local.octets, &info.ipi6_addr, sizeof info.ipi6_addr);
            local.interface = info.ipi6_ifindex;
            local.family = AF_INET6;
        }
    }
    return local;
}

void hs_write_local(struct msghdr *message, const struct hs_local *local) {
    message->msg_controllen = 0;
    if (local->family == 0) return;
    memset(message->msg_control, 0, hs_control_capacity);
    struct cmsghdr *c = (struct cmsghdr *)message->msg_control;
    if (local->family == AF_INET) {
        struct in_pktinfo info;
        memset(&info, 0, sizeof info);
        memcpy(&info.ipi_spec_dst, local->octets, sizeof info.ipi_spec_dst);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in6_pktinfo info;
        memset(&info, 0, sizeof info);
        memcpy(&info.ipi6_addr, local->octets, sizeof info.ipi6_addr);
        if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = local->interface;
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
    }
}

int hs_socket(bool ipv6, bool stream) {
    int type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    return socket(ipv6 ? AF_INET6 : AF_INET, type, 0);
}

int hs_unix_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

int64_t hs_peer_user(int fd) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -1;
    return peer.uid;
}

int hs_bind(int fd, const void *address, uint32_t length) {
    return bind(fd, (const struct sockaddr *)address, length);
}

int hs_connect(int fd, const void *address, uint32_t length) {
    return connect(fd, (const struct sockaddr *)address, length);
}

int hs_accept(int fd, void *address, uint32_t *length) {
    return accept4(fd, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int hs_socket_name(int fd, void *address, uint32_t *length) {
    return getsockname(fd, (struct sockaddr *)address, length);
}

static int hs_set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value);
}

static int hs_option(int fd, int level, int name, int otherwise) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, level, name, &value, &length) == 0 ? value : otherwise;
}

bool hs_is_unix_listener(int fd) {
    return hs_option(fd, SOL_SOCKET, SO_DOMAIN, AF_UNSPEC) == AF_UNIX
        && hs_option(fd, SOL_SOCKET, SO_TYPE, -1) == SOCK_STREAM
        && hs_option(fd, SOL_SOCKET, SO_ACCEPTCONN, 0);
}

int hs_socket_kind(int fd) {
    int family = hs_option(fd, SOL_SOCKET, SO_DOMAIN, AF_UNSPEC);
    if (family != AF_INET && family != AF_INET6) return hs_no_dns_socket;
    switch (hs_option(fd, SOL_SOCKET, SO_TYPE, -1)) {
    case SOCK_DGRAM: return hs_udp_socket;
    case SOCK_STREAM:
        return hs_option(fd, SOL_SOCKET, SO_ACCEPTCONN, 0) ? hs_listening_tcp_socket
                                                           : hs_no_dns_socket;
    default: return hs_no_dns_socket;
    }
}

bool hs_takes_ipv4(int fd) {
    return hs_option(fd, SOL_SOCKET, SO_DOMAIN, AF_UNSPEC) == AF_INET6
        && !hs_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

int hs_reuse_address(int fd) {
    return hs_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

int hs_reuse_port(int fd) { return hs_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1); }

int hs_free_bind(int fd, bool ipv6) {
    return ipv6 ? hs_set_option(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1)
                : hs_set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
}

int hs_only_ipv6(int fd) { return hs_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1); }

int hs_no_delay(int fd) { return hs_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

int hs_acknowledge(int fd) { return hs_set_option(fd, IPPROTO_TCP, TCP_QUICKACK, 1); }

int hs_limit_unsent(int fd, int octets) {
    return hs_set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, octets);
}

int hs_user_timeout(int fd, int milliseconds) {
    return hs_set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, milliseconds);
}

int hs_tell_local(int fd, bool ipv6) {
    return ipv6 ? hs_set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                : hs_set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

int hs_receive_buffer(int fd, int octets) {
    if (hs_set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, octets) == 0) return 0;
    return hs_set_option(fd, SOL_SOCKET, SO_RCVBUF, octets);
}

int hs_ignore_path_mtu(int fd, bool ipv6) {
    return ipv6 ? hs_set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT)
                : hs_set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
}

int hs_allow_fragments(int fd, bool ipv6) {
    return ipv6 ? hs_set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT)
                : hs_set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
}

int hs_pending_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

int hs_netlink_open(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -1;
    struct sockaddr_nl own = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE,
    };
    // Connected to the kernel (port 0), it takes nothing from other processes.
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (bind(fd, (struct sockaddr *)&own, sizeof own) == 0 &&
        connect(fd, (struct sockaddr *)&kernel, sizeof kernel) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int hs_netlink_dump(int fd, uint16_t type) {
    struct {
        struct nlmsghdr header;
        union {
            struct ifinfomsg link;
            struct ifaddrmsg address;
            struct rtmsg route;
        } body;
    } request = {.header = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    size_t body = type == RTM_GETLINK   ? sizeof request.body.link
                  : type == RTM_GETADDR ? sizeof request.body.address
                                        : sizeof request.body.route;
    if (type == RTM_GETROUTE) request.body.route.rtm_family = AF_INET6;
    request.header.nlmsg_len = NLMSG_LENGTH(body);
    return send(fd, &request, request.header.nlmsg_len, MSG_DONTWAIT) < 0 ? -1 : 0;
}

int hs_wait_until_readable(int fd, int milliseconds) {
    struct pollfd descriptor = {.fd = fd, .events = POLLIN};
    int count;
    do count = poll(&descriptor, 1, milliseconds);
    while (count < 0 && errno == EINTR);
    return count > 0;
}

int hs_poll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int hs_poll_control(int set, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data = {.u64 = data}};
    return epoll_ctl(set, operation, fd, &event);
}

int hs_poll_add(int set, int fd, uint32_t events, uint64_t data) {
    return hs_poll_control(set, EPOLL_CTL_ADD, fd, events, data);
}

int hs_poll_modify(int set, int fd, uint32_t events, uint64_t data) {
    return hs_poll_control(set, EPOLL_CTL_MOD, fd, events, data);
}

int hs_poll_remove(int set, int fd) {
    return hs_poll_control(set, EPOLL_CTL_DEL, fd, 0, 0);
}

int hs_poll_wait(int set, struct hs_event *events, int capacity, int timeout_ms) {
    struct epoll_event ready[hs_event_capacity];
    if (capacity > hs_event_capacity) capacity = hs_event_capacity;
    int count = epoll_wait(set, ready, capacity, timeout_ms);
    for (int i = 0; i < count; i++) {
        events[i].token = ready[i].data.u64;
        events[i].flags = ready[i].events;
    }
    return count;
}

int hs_event_fd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int hs_timer_fd(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

int hs_timer_set(int fd, int64_t nanoseconds) {
    struct timespec period = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    struct itimerspec setting = {period, period};
    return timerfd_settime(fd, 0, &setting, NULL);
}


int hs_available_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}

// struct sched_attr of the kernel, which Debian 12's headers and those of <sched.h> do not share.
struct hs_scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};

void hs_give_way_after(uint64_t slice_ns) {
    struct hs_scheduling scheduling;
    // Policy and nice value stay what the administrator gave the service.
    if (syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0) < 0) return;
    scheduling.runtime = slice_ns;
    syscall(SYS_sched_setattr, 0, &scheduling, 0);
}

void hs_map_blocks_of(int octets) { mallopt(M_MMAP_THRESHOLD, octets); }

void hs_return_free_memory(void) { malloc_trim(0); }

int hs_become(const char *user) {
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry) {
        if (errno == 0) errno = ENOENT;
        return -1;
    }
    if (entry->pw_uid == 0) {
        errno = EINVAL;
        return -1;
    }
    const uid_t uid = entry->pw_uid;
    const gid_t gid = entry->pw_gid;
    // So root's rights stay permitted as the user changes; `capset` then has one of them alone hold.
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || initgroups(user, gid) != 0
        || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return -1;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const uint32_t bind = 1u << CAP_NET_BIND_SERVICE;
    const struct __user_cap_data_struct rights[_LINUX_CAPABILITY_U32S_3] = {
        {.effective = bind, .permitted = bind}};
    if (syscall(SYS_capset, &header, rights) != 0) return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    // Else its own files in /proc belong to root; secrets are still in no core file.
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return -1;
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
