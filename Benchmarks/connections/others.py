"""Who else is served while the connections are open, and what the kernel keeps for these."""

import resource
import socket
import struct
import time

import processes


def ask_over_new_connections(port, name, seconds, rate=25):
    """Microseconds of each connection with one query, from its opening to the answer, and how many
    got none."""
    times, failures = [], 0
    begin = time.monotonic()
    message = processes.query(name, 7)
    while (elapsed := time.monotonic() - begin) < seconds:
        start = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                client.sendall(struct.pack(">H", len(message)) + message)
                if len(client.recv(4096)) > len(message):
                    times.append(int((time.monotonic() - start) * 1e6))
                else:
                    failures += 1
        except OSError:
            failures += 1
        time.sleep(max(0, (int(elapsed * rate) + 1) / rate - (time.monotonic() - begin)))
    return times, failures


def ask_unknown_names(port, seconds, rate=50):
    """Microseconds of each query over UDP for a name that nobody has asked for, and how many got no
    answer."""
    times, failures = [], 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", port))
        for index in range(int(seconds * rate)):
            message = processes.query(f"u{index}-{time.monotonic_ns()}.example.net", index)
            start = time.monotonic()
            client.send(message)
            try:
                answer = client.recv(4096)
                failures += answer[:2] != message[:2] or answer[3] & 15 != 0
                times.append(int((time.monotonic() - start) * 1e6))
            except OSError:
                failures += 1
            time.sleep(max(0, 1 / rate - (time.monotonic() - start)))
    return times, failures


def kernel_memory():
    """Octets that the kernel keeps for sockets: of both ends, where both are here. Buffers are in
    what it says about TCP, the sockets themselves in its caches."""
    buffers = 0
    for line in processes.read("/proc/net/sockstat").splitlines():
        words = line.split()
        if words[0] == "TCP:":
            buffers = int(words[words.index("mem") + 1]) * resource.getpagesize()
    caches = sum(int(fields[1]) * int(fields[3])
                 for fields in map(str.split, processes.read("/proc/slabinfo").splitlines()[2:])
                 if fields[0] in ("TCP", "sock_inode_cache", "filp", "eventpoll_epi", "dentry",
                                  "eventpoll_pwq", "skbuff_head_cache", "skbuff_small_head"))
    return buffers + caches
