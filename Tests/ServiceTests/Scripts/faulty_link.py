"""A wire with faults between two interfaces: faulty_link.py SEED LEFT RIGHT [PEER...]

Passes Ethernet frames between the interfaces LEFT and RIGHT, and loses, holds, reorders and
duplicates some of them as it is told. It takes the place of `tc netem` where the kernel has none.
The interfaces are ends of veth pairs in a network namespace of the link's own; PEER are their other
ends, before they are moved to where they are used.

Prints a line when it is ready, and one for each line that it reads from standard input:

    set left loss=0.3 delay=0.5 jitter=0.01 reorder=0.1 duplicate=0.1 lie=1280
        The faults of what comes in at LEFT (or at RIGHT), from now on; what is not named is 0.
        `loss`, `reorder` and `duplicate` are probabilities; `delay` and `jitter` are seconds: a frame
        is held for a time between delay - jitter and delay + jitter, and passes those before it only
        when it is reordered: then those behind it pass it, for 20 ms. With `lie` the sender of a UDP
        datagram is told, falsely, that it was too big for a path with this MTU. Prints `ok`.
    count
        Prints what was done since the start as JSON, for `left` and `right`.

ARP and neighbour discovery pass as they are: a path to a server has its faults behind a router, and
the kernel's second of patience between two questions for a neighbour would be all that is measured.
"""

import array
import fcntl
import heapq
import json
import random
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_STATISTICS = 263, 6
SO_RCVBUFFORCE = 33
SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO: a frame on this wire has its checksums and at most the
# MTU's size, as on one of copper. A veth end would leave both to a card that is not there.
OFFLOADS = (0x17, 0x1F, 0x24)
REORDERED_BY = 0.02
FRAMES_AT_ONCE = 64
BUFFER = 16 << 20


class Direction:
    """What comes in at one side and leaves at the other."""

    def __init__(self, source, seed):
        self.source = source
        self.target = None
        self.random = random.Random(seed)
        self.last_due = 0.0
        self.counts = dict.fromkeys(
            ("received", "lost", "reordered", "duplicated", "delivered", "refused", "fragments", "lies"), 0)
        self.counts["longest"] = 0
        self.set({})

    def set(self, faults):
        known = ("loss", "delay", "jitter", "reorder", "duplicate", "lie")
        for name in faults:
            if name not in known:
                raise ValueError("no such fault: " + name)
        for name in known:
            setattr(self, name, float(faults.get(name, 0)))
        # Those that are under way keep their times; new ones need not wait for them.
        self.last_due = 0.0

    def frames(self):
        """The frames that have come in, some at a time."""
        for _ in range(FRAMES_AT_ONCE):
            try:
                frame, address = self.source.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:
                continue  # The interface is down.
            if address[2] != socket.PACKET_OUTGOING:
                yield frame

    def copies(self, frame, now):
        """When the frame is to leave: never, once or twice."""
        self.counts["received"] += 1
        self.counts["longest"] = max(self.counts["longest"], len(frame))
        self.counts["fragments"] += is_fragment(frame)
        if is_neighbour_discovery(frame):
            return [now]
        self.deceive(frame)
        # Each frame takes as many numbers, so that one rate does not change another's choices.
        loss, reorder, duplicate, jitter = (self.random.random() for _ in range(4))
        if loss < self.loss:
            self.counts["lost"] += 1
            return []
        due = now + max(0.0, self.delay + (2 * jitter - 1) * self.jitter)
        if reorder < self.reorder:
            self.counts["reordered"] += 1
            due += REORDERED_BY
        else:
            due = self.last_due = max(due, self.last_due)
        if duplicate < self.duplicate:
            self.counts["duplicated"] += 1
            return [due, due]
        return [due]

    def deceive(self, frame):
        """Tells a datagram's sender that it was too big, which it was not."""
        if self.lie and is_datagram(frame):
            self.counts["lies"] += 1
            self.source.send(too_big(frame, int(self.lie)))

    def deliver(self, frame):
        try:
            self.target.send(frame)
            self.counts["delivered"] += 1
        except OSError:
            self.counts["refused"] += 1  # The interface is down, or its queue is full.


def is_neighbour_discovery(frame):
    kind = frame[12:14]
    if kind == b"\x08\x06":
        return True
    return kind == b"\x86\xdd" and frame[20:21] == b"\x3a" and frame[54:55] in b"\x85\x86\x87\x88"


def is_fragment(frame):
    kind = frame[12:14]
    if kind == b"\x08\x00":
        return struct.unpack("!H", frame[20:22])[0] & 0x3FFF != 0
    return kind == b"\x86\xdd" and frame[20:21] == b"\x2c"


def is_datagram(frame):
    kind = frame[12:14]
    return (kind == b"\x08\x00" and frame[23] == 17) or (kind == b"\x86\xdd" and frame[20] == 17)


def too_big(frame, mtu):
    """The ICMP message to a frame's sender that seems to come from its receiver (RFC 1191, RFC 4443)."""
    back = frame[6:12] + frame[0:6] + frame[12:14]
    if frame[12:14] == b"\x08\x00":
        icmp = filled(struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + frame[14:42], 2, b"")
        source, target = frame[30:34], frame[26:30]
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0) + source + target
        return back + filled(head, 10, b"") + icmp
    icmp = struct.pack("!BBHI", 2, 0, 0, mtu) + frame[14 : 14 + 1232]
    source, target = frame[38:54], frame[22:38]
    pseudo = source + target + struct.pack("!II", len(icmp), 58)
    head = struct.pack("!IHBB", 6 << 28, len(icmp), 58, 64) + source + target
    return back + head + filled(icmp, 2, pseudo)


def filled(octets, offset, before):
    """The octets with their checksum at `offset`, which covers those `before` them, too (RFC 1071)."""
    covered = before + octets + b"\0" * (len(octets) % 2)
    total = sum(struct.unpack("!%dH" % (len(covered) // 2), covered))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return octets[:offset] + struct.pack("!H", ~total & 0xFFFF) + octets[offset + 2 :]


def turn_off_offloads(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        for command in OFFLOADS:
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
            fcntl.ioctl(anything, SIOCETHTOOL, request)


def open_interface(name):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    wire.bind((name, ETH_P_ALL))
    wire.setblocking(False)
    return wire


def obey(line, directions):
    words = line.split()
    if words == ["count"]:
        return json.dumps({name: counts(direction) for name, direction in directions.items()})
    if len(words) >= 2 and words[0] == "set":
        directions[words[1]].set(dict(word.split("=") for word in words[2:]))
        return "ok"
    raise ValueError("no such command: " + line)


def counts(direction):
    # What the kernel dropped since the last reading, for this process was not quick enough.
    raw = direction.source.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
    direction.overrun = getattr(direction, "overrun", 0) + struct.unpack("II", raw)[1]
    return dict(direction.counts, overrun=direction.overrun)


def main(seed, left, right, *peers):
    for interface in (left, right, *peers):
        turn_off_offloads(interface)
    directions = {
        "left": Direction(open_interface(left), seed + ".left"),
        "right": Direction(open_interface(right), seed + ".right"),
    }
    directions["left"].target = directions["right"].source
    directions["right"].target = directions["left"].source
    print("ready", flush=True)

    waiting = []  # (when it is to leave, a number that keeps the order, direction, frame)
    number = 0
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        sources = [direction.source for direction in directions.values()]
        readable = select.select(sources + [sys.stdin], [], [], timeout)[0]
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if not line:
                return
            print(obey(line, directions), flush=True)
        now = time.monotonic()
        for direction in directions.values():
            if direction.source in readable:
                for frame in direction.frames():
                    for due in direction.copies(frame, now):
                        number += 1
                        heapq.heappush(waiting, (due, number, direction, frame))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, direction, frame = heapq.heappop(waiting)
            direction.deliver(frame)


main(*sys.argv[1:])
