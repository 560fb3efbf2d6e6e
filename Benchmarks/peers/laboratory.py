"""How a contestant is measured: started, loaded, looked at, and stopped."""

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
import workloads


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
        upstream.wait_until_right(workloads.PROBE, contestants.UPSTREAM_ADDRESS)
        return upstream

    def close(self):
        self.upstream.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def load(self, workload, server, *options):
        return generator.Load(self.programs["load"], self.load_core if workload.is_pinned else None,
                              server.port, workload.questions(), *workload.options(), *options)

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
            question = workloads.first_question(workload)
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
        if seen["answered"] < seen["sent"] / 2:
            raise processes.Failure(f"of {seen['sent']} queries {seen['wrong']} got wrong answers "
                                    f"and {seen['lost']} none")
        return {"qps": seen["qps"], "lost": seen["lost"] + seen["wrong"], "wrong": seen["wrong"],
                "reconnects": seen["reconnects"], "cpu_us": cpu / seen["answered"] * 1e6,
                "busy": cpu / seen["seconds"]}

    def ask_at_rate(self, workload, server, rate):
        # Beside an upstream that needs the load's core, or a server that may, the load sleeps.
        spins = workload.is_pinned and workload.ability != "uncached"
        seen = self.load(workload, server, "--rate", str(rate), "--seconds", str(self.seconds),
                         *(("--spin",) if spins else ())).result()
        return {f"{name}_at_{rate}": value for name, value in
                (("p50", seen["p50_us"]), ("p99", seen["p99_us"]), ("p999", seen["p999_us"]),
                 ("lost", seen["lost"] + seen["wrong"]), ("wrong", seen["wrong"]),
                 ("delay", seen["delay_us"]))}

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
                "lost_in_reload": during["lost"] + during["wrong"],
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


def cores():
    """A core for the server, and one for the load; the same one where there is no other."""
    usable = sorted(os.sched_getaffinity(0))
    return str(usable[0]), str(usable[-1])
