"""Many TCP connections from many clients at once, each of a kind."""

import select
import socket
import struct
import time

import processes

PER_CLIENT = 64
IP_BIND_ADDRESS_NO_PORT = 24
# A query for 12 KB of answer, so many times: 2.4 MB, more than the kernel buffers for one.
READERS_QUERIES = 200
READERS_BUFFER = 4096
BATCH = 250


class Crowd:
    """Opens the connections as a block begins, and closes them as it ends."""

    def __init__(self, port, count, kind):
        self.port, self.count, self.kind = port, count, kind
        self.sockets = []
        self.answered = 0
        short = framed(processes.query("one.home.example", 9))
        big = framed(text_query("big.home.example", 9))
        # All but the end, an octet at a time.
        self.query = {"idle": short, "slow writer": short[:-1],
                      "slow reader": big * READERS_QUERIES}[kind]
        self.written = 0

    def __enter__(self):
        while len(self.sockets) < self.count:
            batch = [self.connect(index) for index in
                     range(len(self.sockets), min(self.count, len(self.sockets) + BATCH))]
            self.sockets += batch
            if self.kind == "slow writer":
                continue
            wait(batch, select.POLLOUT)
            for client in batch:
                client.send(self.query)
            if self.kind == "idle":
                self.answered += wait(batch, select.POLLIN)
                for client in batch:
                    receive(client)
        return self

    def __exit__(self, *_):
        for client in self.sockets:
            client.close()

    def connect(self, index):
        number = index // PER_CLIENT
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.kind == "slow reader":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READERS_BUFFER)
        client.bind((f"127.1.{number // 250}.{number % 250 + 1}", 0))
        try:
            client.connect(("127.0.0.1", self.port))
        except BlockingIOError:
            pass
        return client

    def settle(self):
        """Until the server has what it will have of them."""
        if self.kind == "slow writer":
            while self.written < len(self.query):
                self.dawdle()
        time.sleep(2)

    def dawdle(self):
        """The slow writers write their next octet."""
        if self.kind != "slow writer" or self.written >= len(self.query):
            return
        wait(self.sockets, select.POLLOUT)
        for client in self.sockets:
            try:
                client.send(self.query[self.written:self.written + 1])
            except OSError:
                pass  # it has been sent away
        self.written += 1

    def still_open(self):
        """How many the server has not closed."""
        poll = select.poll()
        for client in self.sockets:
            poll.register(client, select.POLLRDHUP)
        return len(self.sockets) - len(poll.poll(0))


def wait(sockets, event, seconds=10.0):
    """Waits until all have had the event; how many had it and were not closed."""
    waiting = {client.fileno() for client in sockets}
    limit, good = time.monotonic() + seconds, 0
    poll = select.poll()
    for client in sockets:
        poll.register(client, event)
    while waiting and time.monotonic() < limit:
        for descriptor, events in poll.poll(100):
            good += bool(events & event) and not events & (select.POLLHUP | select.POLLERR)
            waiting.discard(descriptor)
            poll.unregister(descriptor)
    return good


def receive(client):
    try:
        return client.recv(65536)
    except OSError:
        return b""


def framed(message):
    return struct.pack(">H", len(message)) + message


def text_query(name, identifier):
    return processes.query(name, identifier)[:-4] + struct.pack(">HH", 16, 1)
