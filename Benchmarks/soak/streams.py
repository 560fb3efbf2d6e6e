"""Clients of the home that ask over TCP: in haste, in bulk, and with all the time in the world."""

import errno
import select
import socket
import struct
import time

import datagrams
import home
from query import Query, clock

IP_BIND_ADDRESS_NO_PORT = 24
PATIENCE = 8.0
# By how much a connection may be closed too early or too late.
SLACK = 1.5


class StreamClient:
    """A connection that asks its questions at once, and closes when all are answered."""

    kind = "single"

    def __init__(self, traffic, address, asked):
        self.traffic, self.address = traffic, address
        self.pending, self.input = {}, b""
        self.output = b"".join(self.framed(identifier, question)
                               for identifier, question in enumerate(asked, 1))
        self.opened = time.time()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((address, 0))
        error = self.socket.connect_ex(traffic.server)
        traffic.watch(self, select.EPOLLIN | (select.EPOLLOUT if self.output else 0))
        traffic.streams.add(self)
        traffic.tally.connections[self.kind] += 1
        if error not in (0, errno.EINPROGRESS):
            self.fail(f"cannot connect: {errno.errorcode.get(error, error)}")

    def framed(self, identifier, question):
        cookie = b"soakclnt" if question.cookie else b""
        message = datagrams.identified(question, identifier, cookie)
        self.pending[identifier] = Query(self.traffic, question, self.address)
        self.traffic.tally.sent["TCP"] += 1
        return struct.pack(">H", len(message)) + message

    def ready(self, events):
        try:
            if events & select.EPOLLOUT and self.output:
                self.note_sent()
                self.output = self.output[self.socket.send(self.output):]
                if not self.output:
                    self.traffic.poll.modify(self.socket, select.EPOLLIN)
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self.read(self.socket.recv(1 << 16))
        except BlockingIOError:
            return
        except OSError as error:
            self.ended(str(error))

    def note_sent(self):
        """What is measured is the server, not the opening of the connection."""
        for query in self.pending.values():
            query.sent = time.time()

    def read(self, octets):
        if not octets:
            return self.ended("the server closed")
        received = time.time()
        self.input += octets
        while len(self.input) >= 2:
            end = 2 + struct.unpack_from(">H", self.input)[0]
            if len(self.input) < end:
                break
            message, self.input = self.input[2:end], self.input[end:]
            query = self.pending.pop(struct.unpack_from(">H", message)[0], None)
            if query is None:
                return self.fail("an answer to no query")
            self.traffic.answered(query, message, received, over_tcp=True)
        if not self.pending:
            self.finished()
        return None

    def finished(self):
        """All is answered."""
        self.close()

    def ended(self, why):
        """The server has closed the connection, and should not have."""
        self.fail(why)

    def fail(self, why):
        self.traffic.tally.wrong += 1
        self.traffic.tally.fault(f"{clock(time.time())} {self.kind} TCP connection "
                                 f"of {self.address}, {time.time() - self.opened:.1f} s old: {why}")
        self.close()

    def look(self, now):
        """Called once a second."""
        if now - self.opened > PATIENCE + self.traffic.judge.slack:
            self.fail("has waited for too long")

    def close(self):
        for query in self.pending.values():
            self.traffic.lost(query.question, query.sent, f"TCP from {self.address}")
        self.pending = {}
        if self in self.traffic.streams:
            self.traffic.streams.discard(self)
            self.traffic.forget(self)
            self.socket.close()


class Pipelined(StreamClient):
    kind = "pipelined"


class IdleConnection(StreamClient):
    """Stays open behind its answer until the server ends it, in its time and not before."""

    kind = "idle"
    limit = home.IDLE_TIMEOUT
    idle_since = None

    def finished(self):
        self.idle_since = time.time()

    def ended(self, why):
        if self.idle_since is None:
            return self.fail(why)
        age = time.time() - self.idle_since
        slack = SLACK + self.traffic.judge.slack
        if not self.limit - slack <= age <= self.limit + slack:
            return self.fail(f"{why} after {age:.1f} s of rest")
        return self.close()

    def look(self, now):
        since = self.idle_since or self.opened
        if now - since > PATIENCE + self.limit + self.traffic.judge.slack:
            self.fail("was not closed")


class SlowWriter(IdleConnection):
    """Sends a query an octet at a time, and is not through with it in time."""

    kind = "slow"
    limit = home.FIRST_QUERY_TIMEOUT
    message = struct.pack(">H", 300)

    def __init__(self, traffic, address):
        super().__init__(traffic, address, [])
        self.idle_since = self.opened

    def look(self, now):
        super().look(now)
        if self in self.traffic.streams:
            try:
                self.socket.send(self.message[:1])
                self.message = self.message[1:] or b"\0"
            except OSError as error:
                self.ended(str(error))
