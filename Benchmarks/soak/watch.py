"""What the server's process holds, and what it counts."""

import http.client
import os
import re

import processes

SAMPLE = re.compile(r"^(horizond_\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')


class Admin:
    """The admin pages, as a browser and Prometheus ask for them."""

    def __init__(self, port):
        self.port = port

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def metrics(self):
        return Metrics(self.get("/metrics")[1])


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.samples = [(match[1], dict(LABEL.findall(match[2] or "")), float(match[3]))
                        for match in map(SAMPLE.match, text.splitlines()) if match]

    def total(self, name, **labels):
        """The sum of what has the name and these labels, among others."""
        return sum(value for sample, its, value in self.samples if sample == "horizond_" + name
                   and all(its.get(key) == wanted for key, wanted in labels.items()))

    def by(self, name, label):
        found = {}
        for sample, labels, value in self.samples:
            if sample == "horizond_" + name:
                found[labels.get(label, "")] = found.get(labels.get(label, ""), 0) + value
        return found


def held_by(server):
    """Memory in MiB, descriptors, threads, and CPU seconds until now."""
    process = server.process.pid
    return {"rss": processes.status_mib(process, "status", "VmRSS"),
            "pss": processes.status_mib(process, "smaps_rollup", "Pss"),
            "descriptors": len(os.listdir(f"/proc/{process}/fd")),
            "threads": len(os.listdir(f"/proc/{process}/task")),
            "cpu": server.cpu_seconds()}


def dropped_datagrams(port):
    """How many datagrams found the receive buffers of a port full, says the kernel."""
    end = f":{port:04X}"
    return sum(int(fields[-1]) for fields in map(str.split, processes.read("/proc/net/udp")
                                                 .splitlines()[1:]) if fields[1].endswith(end))


class Stalls:
    """For how long the server's threads were ready to run and had no processor: the machine's other
    work, as the kernel counts it for each thread."""

    KEPT = 10

    def __init__(self, process):
        self.process = process
        self.waited, self.recent, self.worst = self.read(), [], 0.0

    def read(self):
        return {thread: int((processes.read(f"/proc/{self.process}/task/{thread}/schedstat")
                             or "0 0").split()[1]) / 1e9
                for thread in processes.list_directory(f"/proc/{self.process}/task")}

    def look(self):
        """Called each second; what the worst thread waited in the last ten of them."""
        before, self.waited = self.waited, self.read()
        longest = max(value - before.get(thread, value) for thread, value in self.waited.items())
        self.recent = self.recent[1 - self.KEPT:] + [longest]
        self.worst = max(self.worst, longest)
        return sum(self.recent)
