"""A client of the home that asks over UDP."""

import random
import select
import socket
import struct
import time

from messages import COOKIE, pack_opt, pack_option
from query import Query, clock
from tally import DROPPED, FULL

SO_TIMESTAMPNS = 35
SO_RXQ_OVFL = 40
BUFFER = 4 << 20
TIMESPEC = struct.Struct("qq")
# A socket is used for so many queries; then another one has another port.
USES = 2000


class DatagramClient:
    """One address, and a socket at a time. The kernel says when an answer came, so that what this
    process does meanwhile is not counted."""

    def __init__(self, traffic, address):
        self.traffic, self.address = traffic, address
        self.socket = None
        self.pending = {}
        self.next_id = 0
        self.client_cookie = random.randbytes(8)
        self.server_cookie = b""
        self.open()

    def open(self):
        self.uses, self.dropped = 0, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        self.socket.bind((self.address, 0))
        self.socket.connect(self.traffic.server)
        self.traffic.watch(self, select.EPOLLIN)

    def renew(self):
        self.traffic.forget(self)
        self.socket.close()
        self.open()

    def ask(self, question):
        if self.uses >= USES and not self.pending:
            self.renew()
        self.uses += 1
        self.next_id = (self.next_id + 1) & 0xffff
        message = identified(question, self.next_id, self.cookie(question))
        query = Query(self.traffic, question, self.address)
        self.traffic.tally.sent["UDP"] += 1
        if question.kind_of_answer == "none":
            self.traffic.tally.explained[DROPPED] += 1
        else:
            self.pending[self.next_id] = query
        try:
            self.socket.send(message)
        except OSError as error:
            self.traffic.tally.wrong += 1
            self.traffic.tally.fault(f"{clock(query.sent)} cannot send: {error}")

    def cookie(self, question):
        return self.client_cookie + self.server_cookie if question.cookie else b""

    def ready(self, _):
        while True:
            try:
                octets, ancillary, _, _ = self.socket.recvmsg(4096, 128)
            except BlockingIOError:
                return
            except OSError as error:
                self.traffic.tally.wrong += 1
                self.traffic.tally.fault(f"{clock(time.time())} {error}")
                return
            received = time.time()
            for _, kind, value in ancillary:
                if kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = TIMESPEC.unpack(value)
                    received = seconds + nanoseconds / 1e9
                elif kind == SO_RXQ_OVFL:
                    self.dropped = struct.unpack("I", value)[0]
            self.receive(octets, received)

    def receive(self, octets, received):
        identifier = octets[0] << 8 | octets[1] if len(octets) >= 12 else None
        query = self.pending.pop(identifier, None)
        if query is None:
            self.traffic.tally.wrong += 1
            self.traffic.tally.fault(f"{clock(received)} an answer to no query: "
                                     f"{octets[:40].hex()}")
            return
        response = self.traffic.answered(query, octets, received, over_tcp=False)
        if response and COOKIE in response.options:
            self.take_cookie(query, response.options[COOKIE])

    def take_cookie(self, query, cookie):
        if cookie[:8] != self.client_cookie:
            self.traffic.tally.wrong += 1
            self.traffic.tally.fault(f"{query.question.describe()}: a cookie of somebody else")
        self.server_cookie = cookie[8:]

    def look_for_lost(self, limit):
        for identifier in [key for key, query in self.pending.items() if query.sent < limit]:
            query = self.pending.pop(identifier)
            if self.dropped:
                self.dropped -= 1
                self.traffic.tally.explained[FULL] += 1
            else:
                self.traffic.lost(query.question, query.sent, f"UDP from {self.address}")


def identified(question, identifier, cookie=b""):
    """The question's message with an ID, and with a cookie if there is one."""
    message = question.message
    if cookie:
        message = message[:question.question_end] + pack_opt(
            1232, question.dnssec_ok, pack_option(COOKIE, cookie))
    if len(message) < 2:
        return message
    return struct.pack(">H", identifier) + message[2:]
