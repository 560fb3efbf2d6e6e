"""What is measured: for each workload, how a contestant is set up, loaded and looked at."""

import contextlib
import dataclasses
import os
import shutil
import tempfile
import threading
import time

import contestants
import generator
import processes
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
    ability: str
    sets: tuple = ()
    rates: tuple = RATES
    is_pinned: bool = True
    record_count: int = 0
    reloads: bool = False
    workers: int = 1
    is_tcp: bool = False
    window: int = WINDOW
    sockets: int = SOCKETS

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


class Laboratory:
    """Runs one contestant at a time. The server has a core, the load and the upstream another."""

    def __init__(self, programs, first_port, seconds):
        self.programs = programs
        self.seconds = seconds
        self.ports = processes.Ports(first_port)
        self.server_core, self.load_core = cores()
        self.directory = tempfile.mkdtemp(prefix="horizond-bench-")
        self.upstream = self.start_upstream()

    def start_upstream(self):
        port = self.ports.take()
        upstream = processes.Server(
            "the upstream", [self.programs["yardstick"], "epoll", str(port),
                             contestants.UPSTREAM_ADDRESS], port, self.directory, self.load_core)
        upstream.wait_until_right(PROBE, contestants.UPSTREAM_ADDRESS)
        return upstream

    def close(self):
        self.upstream.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def load(self, workload, server, *options):
        sets = workload.sets or ("1:" + EXACT.format(count=workload.record_count),)
        return generator.Load(self.programs["load"], self.load_core if workload.is_pinned else None,
                              server.port, sets, *workload.options(), *options)

    @contextlib.contextmanager
    def serving(self, contestant, workload):
        """The setup of a contestant and its server, which ends with the block."""
        directory = tempfile.mkdtemp(dir=self.directory)
        setup = contestants.Setup(
            directory, self.ports.take(), self.upstream.port,
            has_wildcard=workload.record_count == 0, record_count=workload.record_count,
            workers=workload.workers)
        command = contestant.configure(setup)
        server = processes.Server(contestant.name, command, setup.port, directory,
                                  self.server_core if workload.is_pinned else None)
        try:
            yield setup, server
        except processes.Failure as failure:
            raise processes.Failure("\n".join([str(failure)] + server.last_lines())) from None
        finally:
            server.stop()
            shutil.rmtree(directory, ignore_errors=True)

    def measure(self, contestant, workload):
        """The figures of one round, by name."""
        with self.serving(contestant, workload) as (setup, server):
            question = first_question(workload)
            figures = {"start_s": server.wait_until_right(*question, workload.is_tcp)}
            if workload.ability in ("cached", "mixed"):
                self.load(workload, server, "--prime").result()
            figures |= self.saturate(workload, server)
            for rate in workload.rates:
                figures |= self.ask_at_rate(workload, server, rate)
            figures["resident_mib"] = server.resident()
            if workload.reloads and contestant.reloads:
                figures |= self.reload(contestant, workload, setup, server)
            return figures

    def saturate(self, workload, server):
        closed = ("--window", str(workload.window), "--seconds")
        self.load(workload, server, *closed, "0.3").result()
        before = server.cpu_seconds()
        seen = self.load(workload, server, *closed, str(self.seconds)).result()
        cpu = server.cpu_seconds() - before
        check(seen)
        return {"qps": seen["qps"], "lost": seen["lost"], "wrong": seen["wrong"],
                "reconnects": seen["reconnects"], "cpu_us": cpu / seen["answered"] * 1e6,
                "busy": cpu / seen["seconds"]}

    def ask_at_rate(self, workload, server, rate):
        # Beside an upstream that needs the load's core, or a server that may, the load sleeps.
        spins = workload.is_pinned and workload.ability != "uncached"
        seen = self.load(workload, server, "--rate", str(rate), "--seconds", str(self.seconds),
                         *(("--spin",) if spins else ())).result()
        check(seen)
        return {f"{name}_at_{rate}": seen[key] for name, key in
                (("p50", "p50_us"), ("p99", "p99_us"), ("p999", "p999_us"), ("lost", "lost"),
                 ("wrong", "wrong"), ("delay", "delay_us"))}

    def reload(self, contestant, workload, setup, server):
        """Changes every record under a steady load, and looks at what the clients see of it."""
        setup = dataclasses.replace(setup, base=records.NEW_BASE)
        contestant.write_records(setup)
        load = self.load(workload, server, "--rate", "2000", "--seconds", "120", "--spin")
        peak = Peak(server)
        # A load that sees no new answer would run on for its two minutes.
        patience = threading.Timer(processes.START_PATIENCE, load.process.terminate)
        patience.start()
        try:
            time.sleep(max(self.seconds, 1))
            before = load.next_phase()
            contestant.reload(server)
            load.wait_for_new()
            time.sleep(0.5)
            during = load.next_phase()
            load.end()
        finally:
            patience.cancel()
            peak.stop()
            load.abandon()
        return {"reload_s": during["new_after_s"], "gap_ms": during["gap_us"] / 1e3,
                "p99_before": before["p99_us"], "p99_during": during["p99_us"],
                "lost_in_reload": during["lost"], "wrong_in_reload": during["wrong"],
                "peak_mib": peak.mib, "resident_after_mib": server.resident()}


class Peak:
    """The most memory of a server's processes together, looked at ten times a second. What one
    process alone had at most, the kernel knows better."""

    def __init__(self, server):
        self.server = server
        self.mib = 0.0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.is_over.wait(0.1):
            if len(self.server.processes()) > 1:
                self.mib = max(self.mib, self.server.resident())

    def stop(self):
        self.is_over.set()
        self.thread.join()
        self.mib = max(self.mib, self.server.peak_resident())


def first_question(workload):
    if workload.record_count > 0:
        last = workload.record_count - 1
        return f"r{last}.{records.ZONE}", records.address(records.BASE, last)
    if workload.ability in ("cached", "uncached"):
        return PROBE, contestants.UPSTREAM_ADDRESS
    return f"probe.{records.ZONE}", contestants.WILDCARD_ADDRESS


def check(seen):
    """Whoever answers fast and wrong is not measured."""
    if seen["answered"] == 0 or seen["wrong"] > seen["answered"] / 1000:
        raise processes.Failure(f"of {seen['sent']} answers {seen['wrong']} were wrong and "
                                f"{seen['lost']} did not come")


def cores():
    """A core for the server, and one for the load; the same one where there is no other."""
    usable = sorted(os.sched_getaffinity(0))
    return str(usable[0]), str(usable[-1])
