// What Swift cannot import from Glibc: GNU socket calls, epoll, CMSG_* macros, typed constants.
// No state. Results are those of the system calls: -1 and errno on failure.
//
// This header does without _GNU_SOURCE, which changes the layout of types such as fd_set: Swift
// refuses a module whose types differ from those of Glibc and Dispatch. The .c file defines it.
#pragma once

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    hs_control_capacity = 64,
    hs_event_capacity = 64,
};

// Typed constants: the headers' enums and macros import with different Swift types.
static const uint32_t hs_readable = EPOLLIN;
static const uint32_t hs_writable = EPOLLOUT;
static const uint32_t hs_error = EPOLLERR;
static const uint32_t hs_hang_up = EPOLLHUP;
// EPOLLEXCLUSIVE: of several sets that watch one open socket not all are woken.
static const uint32_t hs_exclusive = EPOLLEXCLUSIVE;
static const int32_t hs_message_truncated = MSG_TRUNC;

// Datagrams.

// One datagram of a batch: GNU's struct mmsghdr under a name that needs no _GNU_SOURCE.
struct hs_datagram {
    struct msghdr header;
    unsigned int length;
};

// The address that a datagram was sent to, and the interface on which it arrived.
// family is 0 when the kernel told nothing; an IPv4 address fills the first four octets.
struct hs_local {
    uint64_t octets[2];
    uint32_t interface;
    int32_t family;
};

// Neither blocks; sending raises no SIGPIPE.
int hs_receive_batch(int fd, struct hs_datagram *datagrams, unsigned int count);
int hs_send_batch(int fd, struct hs_datagram *datagrams, unsigned int count);

// Reads IP_PKTINFO or IPV6_PKTINFO from a received message.
struct hs_local hs_read_local(struct msghdr *message);

// Makes the message leave from `local`; msg_control points to hs_control_capacity octets.
// The interface is pinned for IPv6 link-local addresses only: elsewhere routing chooses it.
void hs_write_local(struct msghdr *message, const struct hs_local *local);

// Connected sockets: none of these blocks or raises SIGPIPE.
ssize_t hs_send(int fd, const void *octets, size_t count);
ssize_t hs_receive(int fd, void *octets, size_t capacity);

// Sends two parts as one datagram.
ssize_t hs_send_parts(
    int fd, const void *first, size_t first_count, const void *second, size_t second_count);

// Opening. Sockets are nonblocking and closed on exec.
int hs_socket(bool ipv6, bool stream);
int hs_bind(int fd, const void *address, uint32_t length);
int hs_connect(int fd, const void *address, uint32_t length);
int hs_accept(int fd, void *address, uint32_t *length);
int hs_socket_name(int fd, void *address, uint32_t *length);

// Opens a Unix stream socket.
int hs_unix_socket(void);

// Who is at the other end of a connected Unix socket: the user's number; -1 where that is not known.
int64_t hs_peer_user(int fd);

// Whether a descriptor that was opened elsewhere is a listening Unix stream socket.
bool hs_is_unix_listener(int fd);

// What a descriptor that was opened elsewhere is: hs_no_dns_socket, also when it is no socket.
enum { hs_no_dns_socket = 0, hs_udp_socket = 1, hs_listening_tcp_socket = 2 };
int hs_socket_kind(int fd);

// Whether an IPv6 socket takes IPv4 as well.
bool hs_takes_ipv4(int fd);

// Options.
int hs_reuse_address(int fd);
int hs_reuse_port(int fd);
int hs_only_ipv6(int fd);

// IP_FREEBIND: binds to an address that no interface has yet.
int hs_free_bind(int fd, bool ipv6);
int hs_no_delay(int fd);

// TCP_QUICKACK: acknowledges at once what has come; later octets as usual.
int hs_acknowledge(int fd);

// TCP_NOTSENT_LOWAT: octets that the kernel holds before it can send them.
int hs_limit_unsent(int fd, int octets);

// TCP_USER_TIMEOUT: how long a peer may leave octets unacknowledged or unread; 0 is the kernel's.
int hs_user_timeout(int fd, int milliseconds);

// Every datagram tells the address it was sent to.
int hs_tell_local(int fd, bool ipv6);

// Past the administrator's maximum where CAP_NET_ADMIN allows it.
int hs_receive_buffer(int fd, int octets);

// IP_PMTUDISC_OMIT: datagrams are sent by the interface's size alone, so that forged ICMP
// "fragmentation needed" messages change nothing (RFC 9715 section 3.1).
int hs_ignore_path_mtu(int fd, bool ipv6);

// IP_PMTUDISC_DONT: an ICMP "fragmentation needed" is no error of a connected socket, and its
// datagrams may be fragmented on their way.
int hs_allow_fragments(int fd, bool ipv6);

// The error pending on a socket, cleared by reading it.
int hs_pending_error(int fd);

// rtnetlink: the host's interfaces, their addresses and on-link routes.

static const uint16_t hs_netlink_error = NLMSG_ERROR, hs_netlink_done = NLMSG_DONE;
static const uint16_t hs_netlink_multipart = NLM_F_MULTI;
static const uint16_t hs_netlink_interrupted = NLM_F_DUMP_INTR;
static const uint16_t hs_new_link = RTM_NEWLINK, hs_new_address = RTM_NEWADDR;
static const uint16_t hs_new_route = RTM_NEWROUTE;
static const uint16_t hs_get_link = RTM_GETLINK, hs_get_address = RTM_GETADDR;
static const uint16_t hs_get_route = RTM_GETROUTE;
static const uint16_t hs_link_name = IFLA_IFNAME;
static const uint16_t hs_address_address = IFA_ADDRESS, hs_address_local = IFA_LOCAL;
static const uint16_t hs_route_destination = RTA_DST, hs_route_interface = RTA_OIF;
static const uint16_t hs_route_gateway = RTA_GATEWAY, hs_route_multipath = RTA_MULTIPATH;
static const uint8_t hs_route_main_table = RT_TABLE_MAIN, hs_route_unicast = RTN_UNICAST;
static const uint8_t hs_route_by_kernel = RTPROT_KERNEL, hs_route_by_advertisement = RTPROT_RA;

// A nonblocking socket that is told of every change; the kernel alone can send to it.
int hs_netlink_open(void);

// Asks for all that there is of hs_get_link, hs_get_address or (IPv6 only) hs_get_route.
int hs_netlink_dump(int fd, uint16_t type);

// 1 when the socket is readable within the time, 0 when not.
int hs_wait_until_readable(int fd, int milliseconds);

// The poll set.
struct hs_event {
    uint64_t token;
    uint32_t flags;
};

int hs_poll_create(void);
int hs_poll_add(int set, int fd, uint32_t events, uint64_t token);
int hs_poll_modify(int set, int fd, uint32_t events, uint64_t token);
int hs_poll_remove(int set, int fd);

// Takes at most hs_event_capacity events.
int hs_poll_wait(int set, struct hs_event *events, int capacity, int timeout_ms);

// An eventfd, and a timer of CLOCK_MONOTONIC: both nonblocking.
int hs_event_fd(void);
int hs_timer_fd(void);

// A periodic timer; 0 disarms it.
int hs_timer_set(int fd, int64_t nanoseconds);

// Memory.

// Blocks of at least this size are mapped one by one, so that the system has them back when they
// are freed.
void hs_map_blocks_of(int octets);

// Gives the free memory of all heaps back to the system.
void hs_return_free_memory(void);

// Lets a thread that wakes up have the calling thread's processor after `slice_ns` nanoseconds,
// where it would wait some milliseconds. Linux before 6.12 takes no notice.
void hs_give_way_after(uint64_t slice_ns);

// Rights.

// Has the calling thread, the process's only one, be the user of that name with its groups, for good,
// and keep no right of root but to bind ports below 1024. A name that nobody has is ENOENT, root's own
// EINVAL.
int hs_become(const char *user);

// How many processors this process may run on; at least 1.
int hs_available_processors(void);
