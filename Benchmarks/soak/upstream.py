#!/usr/bin/env python3
"""An upstream server of the soak: answers what `public.py` says, by UDP and TCP or by TLS, and does
it well or badly, as it is told on its standard input.

    upstream.py ADDRESS PORT [CERTIFICATE KEY]

Lines of input: `well`, `slow SECONDS`, `servfail`, `truncated`, `silent`, `closed`. It ends with its
input.
"""

import asyncio
import socket
import ssl
import struct
import sys

import public
from messages import (HEADER, NOERROR, QR, RA, RD, SERVFAIL, TC, pack_name, pack_opt,
                      pack_record, read_name)

MOST_DATAGRAM = 1232


class Upstream:
    def __init__(self, address, port, context):
        self.address, self.port, self.context = address, port, context
        self.mode, self.delay = "well", 0.0
        self.datagrams = self.streams = None
        self.connections = set()

    async def open(self):
        loop = asyncio.get_running_loop()
        if self.context is None and self.datagrams is None:
            listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            listener.bind((self.address, self.port))
            listener.setblocking(False)
            self.datagrams, _ = await loop.create_datagram_endpoint(
                lambda: Datagrams(self), sock=listener)
        if self.streams is None:
            self.streams = await asyncio.start_server(
                self.serve, self.address, self.port, ssl=self.context, backlog=512)

    def close(self):
        if self.datagrams:
            self.datagrams.abort()
        if self.streams:
            self.streams.close()
        for writer in self.connections:
            writer.transport.abort()
        self.datagrams = self.streams = None

    async def obey(self, words):
        if words[0] == "closed":
            return self.close()
        self.mode = words[0]
        self.delay = float(words[1]) if words[0] == "slow" else 0.0
        await self.open()

    async def serve(self, reader, writer):
        self.connections.add(writer)
        loop = asyncio.get_running_loop()

        def send(answer):
            if not writer.is_closing():
                writer.write(struct.pack(">H", len(answer)) + answer)
        try:
            while True:
                length, = struct.unpack(">H", await reader.readexactly(2))
                answer = self.answer(await reader.readexactly(length), is_datagram=False)
                if answer:
                    loop.call_later(self.delay, send, answer)
        except (asyncio.IncompleteReadError, OSError, ssl.SSLError):
            pass
        finally:
            self.connections.discard(writer)
            writer.close()

    def answer(self, query, is_datagram):
        """The response, or nothing for what is no query."""
        if self.mode == "silent":
            return None
        try:
            name, end = read_name(query, 12)
            kind, _ = struct.unpack_from(">HH", query, end)
        except Exception:
            return None
        question = query[12:end + 4]
        identifier, flags = struct.unpack_from(">HH", query)
        flags = QR | RA | flags & RD
        opt = pack_opt(MOST_DATAGRAM) if query[11] else b""
        if self.mode == "servfail":
            return HEADER.pack(identifier, flags | SERVFAIL, 1, 0, 0, query[11]) + question + opt
        rcode, found = public.records(name, kind)
        ttl = public.ttl(name)
        records = b"".join(pack_record(b"\xc0\x0c" if owner == name else pack_name(owner), kind,
                                       ttl, rdata) for owner, kind, rdata in found)
        denial = b""
        if rcode != NOERROR or not any(record[1] == kind for record in found):
            owner, soa, rdata = public.start_of_authority(found[-1][0] if found else name)
            denial = pack_record(pack_name(owner), soa, 30, rdata)
        if is_datagram and (self.mode == "truncated"
                            or len(question + records + denial + opt) + 12 > MOST_DATAGRAM):
            return HEADER.pack(identifier, flags | TC, 1, 0, 0, query[11]) + question + opt
        return (HEADER.pack(identifier, flags | rcode, 1, len(found), bool(denial), query[11])
                + question + records + denial + opt)


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, upstream):
        self.upstream = upstream
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, query, client):
        answer = self.upstream.answer(query, is_datagram=True)
        if answer is None:
            return
        if self.upstream.delay:
            asyncio.get_running_loop().call_later(self.upstream.delay, self.send, answer, client)
        else:
            self.send(answer, client)

    def send(self, answer, client):
        if not self.transport.is_closing():
            self.transport.sendto(answer, client)


async def main():
    address, port, *certificate = sys.argv[1:]
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    upstream = Upstream(address, int(port), context)
    await upstream.open()
    print("ready", flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        await upstream.obey(line.decode().split())


asyncio.run(main())
