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

    def get(self, path, method="GET", token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {token}"}
                               if token else {})
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
