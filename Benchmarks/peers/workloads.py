"""What is asked of the contestants, and how."""

import dataclasses

import contestants
import records

WILDCARD = "A:h#.vanillax.me:10000:" + contestants.WILDCARD_ADDRESS
NO_DATA = "HTTPS:h#.vanillax.me:10000:none"
CACHED = "A:c#.example.net:1000:" + contestants.UPSTREAM_ADDRESS
UNIQUE = "A:u#.example.net:0:" + contestants.UPSTREAM_ADDRESS
EXACT = "A:r#.vanillax.me:{count}:10.0.0.0+:11.0.0.0"
PROBE = "probe.example.net"

# Fewer than the 190 small datagrams that a receive buffer holds which nobody has raised.
WINDOW = 128
SOCKETS = 8
RATES = (2000, 20000)
CONNECTIONS = 100
# Four out on each connection, so that there are answers to write together.
TCP_WINDOW = 4 * CONNECTIONS


@dataclasses.dataclass(frozen=True)
class Workload:
    title: str
    ability: str             # that a contestant needs
    sets: tuple = ()         # of names, as the load generator takes them
    rates: tuple = RATES     # at which latencies are measured
    is_pinned: bool = True   # the server to one core, the load to another
    record_count: int = 0    # exact records, which are asked for if there are any
    reloads: bool = False
    workers: int = 1
    is_tcp: bool = False
    window: int = WINDOW
    sockets: int = SOCKETS

    def questions(self):
        return self.sets or ("1:" + EXACT.format(count=self.record_count),)

    def options(self):
        """What the load generator is told about sockets."""
        return ("--sockets", str(self.sockets), *(("--tcp",) if self.is_tcp else ()))


WORKLOADS = {
    "wildcard": Workload("Wildcard A", "wildcard", ("1:" + WILDCARD,)),
    "cached": Workload("Cached, forwarded", "cached", ("1:" + CACHED,)),
    "uncached": Workload("Uncached, forwarded", "uncached", ("1:" + UNIQUE,)),
    "mixed": Workload("Mixed: 40 % wildcard A, 10 % wildcard HTTPS, 50 % cached", "mixed",
                      ("40:" + WILDCARD, "10:" + NO_DATA, "50:" + CACHED)),
    "tcp": Workload("TCP, 100 kept connections", "tcp", ("1:" + WILDCARD,), (20000,),
                    is_tcp=True, window=TCP_WINDOW, sockets=CONNECTIONS),
    "records-1": Workload("1 exact record", "records", (), (), record_count=1),
    "records-10k": Workload("10,000 exact records", "records", (), (), record_count=10_000),
    "records-1m": Workload("1,000,000 exact records", "records", (), (), record_count=1_000_000,
                           reloads=True),
    "wildcard-unpinned": Workload("Wildcard A, no process bound to a core", "wildcard",
                                  ("1:" + WILDCARD,), (), is_pinned=False),
    "cached-unpinned": Workload("Cached, no process bound to a core", "cached",
                                ("1:" + CACHED,), (), is_pinned=False),
    "mixed-unpinned": Workload("Mixed, no process bound to a core", "mixed",
                               ("40:" + WILDCARD, "10:" + NO_DATA, "50:" + CACHED), (),
                               is_pinned=False),
    # Many ports, for the kernel deals them to the workers by their hash.
    "workers-1": Workload("One worker, no process bound to a core", "workers", ("1:" + WILDCARD,),
                          (), is_pinned=False, sockets=64),
    "workers-2": Workload("Two workers, no process bound to a core", "workers", ("1:" + WILDCARD,),
                          (), is_pinned=False, sockets=64, workers=2),
}


def first_question(workload):
    if workload.record_count > 0:
        last = workload.record_count - 1
        return f"r{last}.{records.ZONE}", records.address(records.BASE, last)
    if workload.ability in ("cached", "uncached"):
        return PROBE, contestants.UPSTREAM_ADDRESS
    return f"probe.{records.ZONE}", contestants.WILDCARD_ADDRESS
