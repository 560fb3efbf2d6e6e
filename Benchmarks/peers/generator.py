"""The load generator and the yardstick: compiled, run, and read."""

import json
import os
import signal
import subprocess

import processes

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load")
PROGRAMS = {
    "load": ["load.c", "channel.c", "queries.c", "udp.c", "tcp.c"],
    "yardstick": ["yardstick.c"],
}


def compile_programs(directory):
    """Compiles both into the directory; their paths by name."""
    paths = {name: os.path.join(directory, name) for name in PROGRAMS}
    for name, sources in PROGRAMS.items():
        subprocess.run(["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", paths[name]]
                       + [os.path.join(SOURCES, source) for source in sources], check=True)
    return paths


class Load:
    """One run of the load generator against a port, on the cores that are given."""

    def __init__(self, program, cores, port, sets, *options):
        command = [program, *options, "127.0.0.1", str(port), *sets]
        self.process = subprocess.Popen(processes.pinned(command, cores), stdout=subprocess.PIPE,
                                        text=True)

    def line(self):
        line = self.process.stdout.readline().strip()
        if not line:
            raise processes.Failure("the load generator ended early")
        return line

    def wait_for_new(self):
        while self.line() != "new":
            pass

    def next_phase(self):
        """Ends the phase; its figures."""
        self.process.send_signal(signal.SIGUSR1)
        return self.figures()

    def end(self):
        """Ends the run; the figures of its last phase."""
        self.process.terminate()
        figures = self.figures()
        self.process.wait()
        return figures

    def figures(self):
        line = self.line()
        return self.figures() if line == "new" else json.loads(line)

    def result(self):
        """The figures of a run that ends by itself."""
        figures = self.figures()
        self.process.wait()
        return figures

    def abandon(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
