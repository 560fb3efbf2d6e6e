"""The public DNS of the soak: what a name has there follows from the name alone, so that upstreams
and clients agree without a word."""

import functools
import struct
import zlib

from messages import (A, AAAA, CNAME, HTTPS, MX, NOERROR, NXDOMAIN, PTR, SOA, SRV, TXT, pack_name)

# The protocols of a record with HTTP/3. Longer than a label, which may be `h3` too.
HTTP3 = b"\2h3\2h2"
OWNED_TARGET = "host7.vanillax.me"
BIG_TEXTS = 12


def number(name):
    return zlib.crc32(name.encode())


def ttl(name):
    """Most answers live for half a minute, so that a cache of names has hits and misses."""
    return (5, 30, 30, 300)[number(name) % 4]


def address(name):
    """In 198.18.0.0/15, where no address of the home is."""
    value = number(name)
    return bytes((198, 18 + (value >> 16 & 1), value >> 8 & 255, value & 255))


def address6(name):
    return bytes.fromhex("20010db80000000000000000") + struct.pack(">I", number(name))


def text(words):
    return bytes((len(words),)) + words.encode()


@functools.lru_cache(maxsize=20_000)
def records(name, kind):
    """RCODE and answer records, as (owner, type, rdata), of a lower-case name."""
    first, _, rest = name.partition(".")
    if first.startswith("nx"):
        return NXDOMAIN, ()
    if first.startswith("into"):
        return aliased(name, OWNED_TARGET, kind)
    if first.startswith("cn"):
        return aliased(name, f"t{first[2:]}.cdn.{rest}", kind)
    return NOERROR, tuple((name, kind, rdata) for rdata in data(name, first, kind))


def aliased(name, target, kind):
    alias = (name, CNAME, pack_name(target))
    if kind == CNAME:
        return NOERROR, (alias,)
    rcode, found = records(target, kind)
    return rcode, (alias, *found)


def data(name, first, kind):
    """The rdata of a name's records of a type; none means that there is no such record."""
    value = number(name)
    if kind == A:
        return [address(name)]
    if kind == AAAA:
        return [address6(name)] if value & 16 else []
    if kind == HTTPS:
        return service_bindings(name, value)
    if kind == MX:
        return [struct.pack(">H", 10) + pack_name("mail." + name)]
    if kind == TXT:
        texts = BIG_TEXTS if first.startswith("big") else 1
        return [text(f"{index} of {name} " + "x" * (200 if texts > 1 else 4))
                for index in range(texts)]
    if kind == SRV:
        return [struct.pack(">3H", 0, 5, 443) + pack_name("host." + name)]
    if kind == PTR:
        return [pack_name(f"p{value % 1000}.example.net")]
    return []


def service_bindings(name, value):
    """Half of the names have an HTTPS record with HTTP/3; a quarter another one without."""
    found = []
    if value & 32:
        found.append(struct.pack(">H", 1) + b"\0" + parameter(1, HTTP3)
                     + parameter(4, address(name)))
    if value & 64:
        found.append(struct.pack(">H", 2) + pack_name("alt." + name) + parameter(1, b"\2h2"))
    return found


def parameter(key, value):
    return struct.pack(">HH", key, len(value)) + value


def without_http3(found):
    """What the policy `remove-h3` leaves of answer records."""
    return tuple(record for record in found if record[1] != HTTPS or HTTP3 not in record[2])


def start_of_authority(name):
    """The owner and rdata of the SOA record that denies a name."""
    zone = ".".join(name.split(".")[-2:])
    return zone, SOA, (pack_name("ns." + zone) + pack_name("hostmaster." + zone)
                       + struct.pack(">5I", 1, 3600, 600, 86400, 30))
