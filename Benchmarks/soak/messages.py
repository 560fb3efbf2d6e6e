"""DNS messages on the wire, as far as a client and an upstream of the soak need them."""

import struct

A, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, OPT, HTTPS = 1, 5, 6, 12, 15, 16, 28, 33, 41, 65
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 2, 3, 4, 5, 16
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
          16: "BADVERS", 23: "BADCOOKIE"}
TYPES = {A: "A", CNAME: "CNAME", SOA: "SOA", PTR: "PTR", MX: "MX", TXT: "TXT", AAAA: "AAAA",
         SRV: "SRV", HTTPS: "HTTPS"}
QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
COOKIE, EXTENDED_ERROR = 10, 15
STALE_ANSWER = 3
HEADER = struct.Struct(">6H")
RECORD = struct.Struct(">HHIH")


class Malformed(Exception):
    """A message that cannot be read; the text says where it ends to make sense."""


def pack_name(name):
    """The wire form of a name such as `www.example.net`, or of the empty one."""
    if not name:
        return b"\0"
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"


def pack_record(name, kind, ttl, rdata):
    return name + RECORD.pack(kind, 1, ttl, len(rdata)) + rdata


def pack_option(code, value=b""):
    return struct.pack(">HH", code, len(value)) + value


def pack_opt(size, dnssec_ok=False, options=b"", version=0):
    return b"\0" + RECORD.pack(OPT, size, version << 16 | dnssec_ok << 15, len(options)) + options


def read_name(octets, at):
    """The name at an offset, in lower case, and where what follows it begins."""
    labels, end, hops = [], None, 0
    while True:
        if at >= len(octets):
            raise Malformed("a name ends beyond the message")
        length = octets[at]
        if length == 0:
            return ".".join(labels), end or at + 1
        if length >= 0xc0:
            end = end or at + 2
            at = (length & 0x3f) << 8 | octets[at + 1]
            hops += 1
            if hops > 32:
                raise Malformed("a name's pointers lead in a circle")
        else:
            labels.append(octets[at + 1:at + 1 + length].decode("latin-1").lower())
            at += 1 + length


def read_data(octets, kind, at, length):
    """The rdata with the names in it written out, so that two of them can be compared."""
    if kind in (CNAME, PTR):
        return pack_name(read_name(octets, at)[0])
    if kind == MX:
        return octets[at:at + 2] + pack_name(read_name(octets, at + 2)[0])
    if kind == SRV:
        return octets[at:at + 6] + pack_name(read_name(octets, at + 6)[0])
    return octets[at:at + length]


class Response:
    """What a client looks at in an answer."""

    __slots__ = ("flags", "rcode", "answers", "ttl", "authority", "has_opt", "options", "size",
                 "excuse")

    def __init__(self, octets, question_end):
        """Reads what follows the question, which the caller has compared."""
        _, self.flags, _, answers, self.authority, additional = HEADER.unpack_from(octets)
        self.rcode = self.flags & 15
        self.answers, self.ttl = set(), None
        self.has_opt, self.options, self.size = False, {}, len(octets)
        self.excuse = None
        at = question_end
        try:
            for _ in range(answers):
                name, at = read_name(octets, at)
                kind, _, ttl, length = RECORD.unpack_from(octets, at)
                at += RECORD.size
                self.answers.add((name, kind, read_data(octets, kind, at, length)))
                self.ttl = ttl if self.ttl is None else min(self.ttl, ttl)
                at += length
            for _ in range(self.authority + additional):
                at = self.read_other(octets, at)
        except (IndexError, struct.error) as error:
            raise Malformed(str(error)) from None
        if at != len(octets):
            raise Malformed(f"{len(octets) - at} octets too many")

    def read_other(self, octets, at):
        _, at = read_name(octets, at)
        kind, _, ttl, length = RECORD.unpack_from(octets, at)
        at += RECORD.size
        if kind == OPT:
            self.has_opt = True
            self.rcode |= ttl >> 20 & 0xff0
            option, end = at, at + length
            while option < end:
                code, size = struct.unpack_from(">HH", octets, option)
                self.options[code] = octets[option + 4:option + 4 + size]
                option += 4 + size
        return at + length

    @property
    def is_stale(self):
        error = self.options.get(EXTENDED_ERROR)
        return error is not None and error[:2] == struct.pack(">H", STALE_ANSWER)


def describe_answers(answers):
    """Records in words, for what is said of a wrong answer."""
    return ", ".join(sorted(f"{name} {TYPES.get(kind, kind)} {describe_data(kind, rdata)}"
                            for name, kind, rdata in answers)) or "no records"


def describe_data(kind, rdata):
    if kind == A and len(rdata) == 4:
        return ".".join(str(octet) for octet in rdata)
    if kind in (CNAME, PTR):
        return read_name(rdata, 0)[0]
    return rdata[:40].hex()
