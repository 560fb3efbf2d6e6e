"""A steady load over UDP, as of clients that wait two seconds and do not ask again."""

import random
import select
import socket
import struct
import threading
import time

PATIENCE = 2.0


def query(number, name, kind=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    header = struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack("!HH", kind, 1)


class Load:
    """Asks `rate` times a second from many ports until `stop`; each ID is in use once a port."""

    def __init__(self, name, rate=1000, ports=32, server=("127.0.0.1", 53)):
        self.name, self.server = name, server
        self.interval = 1 / rate
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(ports)]
        for one in self.sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            one.bind(("127.0.0.1", 0))
            one.setblocking(False)
        self.waiting = {}
        self.sent = self.answered = self.late = 0
        self.slowest = 0.0
        self.running = True
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        poll = select.poll()
        by_fd = {}
        for one in self.sockets:
            poll.register(one, select.POLLIN)
            by_fd[one.fileno()] = one
        due = time.monotonic()
        end = None
        while end is None or (time.monotonic() < end and self.waiting):
            now = time.monotonic()
            while self.running and due <= now:
                one = random.choice(self.sockets)
                number = random.randrange(65536)
                if (one.fileno(), number) not in self.waiting:
                    one.sendto(query(number, self.name), self.server)
                    self.waiting[one.fileno(), number] = now
                    self.sent += 1
                due += self.interval
            if not self.running and end is None:
                end = now + PATIENCE
            for fd, _ in poll.poll(1):
                self._receive(by_fd[fd])

    def _receive(self, one):
        while True:
            try:
                message = one.recv(4096)
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            asked = self.waiting.pop((one.fileno(), struct.unpack("!H", message[:2])[0]), None)
            if asked is None:
                continue
            took = time.monotonic() - asked
            self.slowest = max(self.slowest, took)
            # An answer with no error and one record.
            if took <= PATIENCE and message[3] & 15 == 0 and message[7] == 1:
                self.answered += 1
            else:
                self.late += 1

    def stop(self):
        self.running = False
        self.thread.join()
        for one in self.sockets:
            one.close()
        return self

    @property
    def lost(self):
        return self.sent - self.answered

    def __str__(self):
        return (
            f"{self.sent} sent, {self.answered} answered, {self.lost} lost, "
            f"slowest {self.slowest * 1000:.0f} ms"
        )


def ask_each(names, kind=1, server=("127.0.0.1", 53), together=64):
    """Asks for each name once, `together` at a time. Returns how many had an answer without an error."""
    names = iter(names)
    waiting = {}
    answered = number = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(server)
        one.settimeout(PATIENCE)
        while True:
            while len(waiting) < together and (name := next(names, None)) is not None:
                number = (number + 1) % 65536
                one.send(query(number, name, kind))
                waiting[number] = name
            if not waiting:
                return answered
            try:
                message = one.recv(4096)
            except TimeoutError:
                waiting.clear()
                continue
            if waiting.pop(struct.unpack("!H", message[:2])[0], None) is not None:
                answered += message[3] & 15 == 0


class Upstream:
    """Gives every name an address of its own for an hour, or a TXT record of so many octets."""

    def __init__(self, text=0):
        self.text = b"".join(
            bytes([len(part)]) + part
            for part in (b"x" * min(255, text - at) for at in range(0, text, 255)))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.running = True
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while self.running:
            try:
                message, client = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            end = message.index(b"\0", 12) + 5
            data, kind = self.text, 16
            if not data:
                data, kind = bytes([203, 0, 113, sum(message[12:end].lower()) & 0xFF]), 1
            record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 3600, len(data)) + data
            header = message[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
            self.socket.sendto(header + message[12:end] + record, client)

    def stop(self):
        self.running = False
        self.thread.join()
        self.socket.close()
