"""The home whose server soaks: its configuration in every generation, and what its clients are to
be answered, worked out here a second time."""

import ipaddress
import os
import struct

import public
from messages import (A, AAAA, CNAME, HTTPS, MX, NOERROR, NXDOMAIN, PTR, REFUSED, SRV, pack_name,
                      read_name)

ZONE, LAB = "vanillax.me", "lab.home.arpa"
HOSTS, LAB_HOSTS = 200, 50
GATEWAY, NAS, NAS6, TAILNET = "10.50.0.10", "10.50.0.60", "fd00:10::60", "100.64.0.50"
OWNED_TYPES = (A, AAAA, HTTPS)
PUBLIC_NAMES = ("plex", "mail")
# Clients of each view. 127.0.0.1 is the burst's.
CLIENTS = {"lan": [f"127.0.1.{last}" for last in range(1, 25)],
           "guest": [f"127.0.2.{last}" for last in range(1, 9)],
           "tailnet": [f"127.0.3.{last}" for last in range(1, 9)],
           None: [f"127.0.9.{last}" for last in range(1, 5)]}
# Upstreams by their letters: two for everything, two of a domain, one by TLS, one of the guests,
# and one that comes and goes every second.
UPSTREAMS = "abcdefg"
RULES = {"": "ab", "example.org": "cd", "example.com": "e", "example.edu": "abc",
         "flapping.example": "g"}
GUEST_RULES = {**RULES, "": "f"}
CACHE_MIB, LOG_MIB, LOG_KEPT = 8, 1, 2
IDLE_TIMEOUT, FIRST_QUERY_TIMEOUT = 5, 5


def rule_for(view, name):
    """The letters of the upstreams that are asked for a name."""
    rules = GUEST_RULES if view == "guest" else RULES
    domain = name
    while domain not in rules:
        domain = domain.partition(".")[2]
    return rules[domain]


def visitors(generation):
    """Views in front of the others, none to three, so that each reload moves these."""
    return "".join(
        f"\n  visitors{number}: {{clients: [127.0.{20 + number}.0/24], zones: []}}"
        for number in range(generation % 4))


class Home:
    """The configuration in a directory. Files change by a rename, so that none is read half."""

    def __init__(self, directory, port, admin_port, endpoints):
        self.directory, self.port, self.admin_port = directory, port, admin_port
        self.endpoints = endpoints
        self.main = os.path.join(directory, "horizond.yaml")
        self.control = os.path.join(directory, "control.sock")
        self.log = os.path.join(directory, "queries.jsonl")
        self.cache = os.path.join(directory, "cache")

    def write(self, generation, mistake=""):
        """Writes all files as of a generation; a mistake is a line that has one."""
        self.replace("zone.yaml", zone_records(generation))
        self.replace("horizond.yaml", self.settings(generation) + mistake)

    def replace(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path + ".new", "w") as file:
            file.write(text)
        os.replace(path + ".new", path)

    def upstreams(self, letters):
        return "[" + ", ".join(self.endpoints[letter] for letter in letters) + "]"

    def settings(self, generation):
        return f"""
listen: ["127.0.0.1:{self.port}"]
zones:
  {ZONE}: zone.yaml
  {LAB}: {{mode: authoritative, reverse: true, records: {lab_records(generation)}}}
views:{visitors(generation)}
  lan: {{clients: [127.0.1.0/24, 127.0.0.1]}}
  guest:
    clients: [127.0.2.0/24]
    zones: []
    forward: {{.: {{to: {self.upstreams("f")}, cache: 30}}}}
  tailnet:
    clients: [127.0.3.0/24]
    zones: [{{{ZONE}: {{records: {{'*': {TAILNET}}}}}}}]
    https-records: pass
forward:
  .: {{to: {self.upstreams("ab")}, cache: 30}}
  example.org: {{to: {self.upstreams("cd")}, policy: fastest, cache: 30}}
  example.com: {{to: {self.upstreams("e")}, cache: 30}}
  example.edu: {{to: {self.upstreams("abc")}, policy: {{parallel: 2}}, cache: 30}}
  flapping.example: {{to: {self.upstreams("g")}, cache: {{max: 1}}}}
tls-ca: certificate.pem
rebind-protection: true
cookies: true
cache-size: {CACHE_MIB}MiB
cache-file: {self.cache}
tcp: {{idle-timeout: {IDLE_TIMEOUT}s, first-query-timeout: {FIRST_QUERY_TIMEOUT}s}}
control: {self.control}
admin: 127.0.0.1:{self.admin_port}
log:
  errors: true
  queries:
    to: file:{self.log}
    sample: 20
    clients: prefix
    rotate: {{size: {LOG_MIB}MiB, keep: {LOG_KEPT}}}
"""


def zone_records(generation):
    lines = [f"'*': {GATEWAY}", f"'': {GATEWAY}", f"nas: [{NAS}, \"{NAS6}\"]",
             f"alias: {{type: CNAME, value: nas.{ZONE}.}}"]
    lines += [f"{name}: public" for name in PUBLIC_NAMES]
    lines += [f"host{index}: {host_address(generation, index)}" for index in range(HOSTS)]
    return "\n".join(lines) + "\n"


def lab_records(generation):
    records = [f"r{index}: [{lab_address(generation, index)}, '{lab_address6(generation, index)}']"
               for index in range(LAB_HOSTS)]
    records.append(f"'': {{type: MX, value: {{preference: 10, exchange: r0.{LAB}.}}}}")
    records.append("_http._tcp: {type: SRV, value: {priority: 0, weight: 5, port: 80, "
                   f"target: r1.{LAB}.}}}}")
    return "{" + ", ".join(records) + "}"


def host_address(generation, index):
    return f"10.60.{generation % 250}.{index}"


def lab_address(generation, index):
    return f"10.70.{generation % 250}.{index}"


def lab_address6(generation, index):
    return f"fd00:70::{generation % 250:x}:{index:x}"


def packed(address):
    return ipaddress.ip_address(address).packed


def expected(view, name, kind, generation):
    """RCODE and answer records for a client of a view, of a lower-case name."""
    if view is None:
        return REFUSED, frozenset()
    found = own(view, name, kind, generation)
    if found is not None:
        return found[0], frozenset(found[1])
    if name == ZONE or name.endswith("." + ZONE):
        # The name is there, whatever the public zone says.
        rcode, answers = public.records(name, kind)
        is_owned = own(view, name, A, generation) is not None
        rcode = NOERROR if is_owned else rcode
    else:
        rcode, answers = public.records(name, kind)
    answers = set(answers if view == "tailnet" else public.without_http3(answers))
    answers = {record for record in answers if not leads_home(view, record)}
    if (name, CNAME, pack_name(public.OWNED_TARGET)) in answers and kind in OWNED_TYPES:
        target = own(view, public.OWNED_TARGET, kind, generation)
        if target is not None:
            answers = {(name, CNAME, pack_name(public.OWNED_TARGET)), *target[1]}
    return rcode, frozenset(answers)


def leads_home(view, record):
    """Whether a public HTTPS record names a host that the view has an address for: none is passed
    that would take a browser from a public name's keys to a host here."""
    _, kind, rdata = record
    target = read_name(rdata, 2)[0] if kind == HTTPS else ""
    return target.endswith(ZONE) and own(view, target, A, 0) is not None


def own(view, name, kind, generation):
    """What the server knows by itself: RCODE and records, or nothing."""
    if name == "localhost":
        return NOERROR, local(name, kind, "127.0.0.1", "::1")
    if name.endswith((".test", ".invalid")) or name == "use-application-dns.net":
        return NXDOMAIN, ()
    if name.endswith(".in-addr.arpa") and name.split(".")[-3] == "10":
        return reverse(view, name, kind, generation)
    if name == LAB or name.endswith("." + LAB):
        return in_lab(name, kind, generation) if view == "lan" else (NXDOMAIN, ())
    if kind in OWNED_TYPES and view in ("lan", "tailnet") and name.endswith(ZONE):
        return in_overlay(view, name, kind, generation)
    return None


def in_overlay(view, name, kind, generation):
    label = name[:-len(ZONE)].rstrip(".")
    if view == "tailnet":
        return (NOERROR, local(name, kind, TAILNET)) if label else None
    if label in PUBLIC_NAMES:
        return None
    if label == "alias":
        target = "nas." + ZONE
        return NOERROR, ((name, CNAME, pack_name(target)), *local(target, kind, NAS, NAS6))
    if label == "nas":
        return NOERROR, local(name, kind, NAS, NAS6)
    index = label[4:]
    if label.startswith("host") and index.isdigit() and int(index) < HOSTS:
        return NOERROR, local(name, kind, host_address(generation, int(index)))
    return NOERROR, local(name, kind, GATEWAY)


def in_lab(name, kind, generation):
    label = name[:-len(LAB)].rstrip(".")
    index = label[1:]
    if label.startswith("r") and index.isdigit() and int(index) < LAB_HOSTS:
        return NOERROR, local(name, kind, lab_address(generation, int(index)),
                              lab_address6(generation, int(index)))
    if not label:
        exchange = (name, MX, struct.pack(">H", 10) + pack_name("r0." + LAB))
        return NOERROR, ((exchange,) if kind == MX else ())
    if label == "_http._tcp":
        service = (name, SRV, struct.pack(">3H", 0, 5, 80) + pack_name("r1." + LAB))
        return NOERROR, ((service,) if kind == SRV else ())
    return NXDOMAIN, ()


def reverse(view, name, kind, generation):
    octets = name.split(".")[:4]
    address = ".".join(reversed(octets))
    if view == "lan" and int(octets[0]) < LAB_HOSTS \
            and address == lab_address(generation, int(octets[0])):
        return NOERROR, (((name, PTR, pack_name(f"r{octets[0]}.{LAB}")),) if kind == PTR else ())
    return NXDOMAIN, ()


def local(name, kind, address, address6=None):
    if kind == A:
        return ((name, A, packed(address)),)
    if kind == AAAA and address6:
        return ((name, AAAA, packed(address6)),)
    return ()
