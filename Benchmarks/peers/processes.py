"""Servers as children of the run, and what /proc says about them."""

import os
import signal
import socket
import struct
import subprocess
import time

# Longer than the slowest server takes to load a million records.
START_PATIENCE = 60.0
STOP_PATIENCE = 10.0


class Failure(Exception):
    """A server did not do what it had to; the text says which and how."""


class Ports:
    """Hands out ports of 127.0.0.1, each once: SO_REUSEPORT would silently share one that a server
    of another run still has, and a closed TCP port rests for a minute."""

    def __init__(self, first):
        self.next = first

    def take(self):
        for port in range(self.next, self.next + 1000):
            if is_free(port):
                self.next = port + 1
                return port
        raise Failure(f"no free port from {self.next} on")


def is_free(port):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def query(name, identifier):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", identifier, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def answers_right(port, name, address, over_tcp):
    """Whether a query for the name's address, sent now, has that address in its answer at once."""
    message = query(name, os.getpid() & 0xffff)
    kind = socket.SOCK_STREAM if over_tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(0.05)
        try:
            client.connect(("127.0.0.1", port))
            client.send(struct.pack(">H", len(message)) + message if over_tcp else message)
            answer = client.recv(4096)[2 if over_tcp else 0:]
        except OSError:
            return False
        return (len(answer) > len(message) and answer[3] & 0x0f == 0
                and socket.inet_aton(address) in answer)


class Server:
    """A running server: its process, its port, its log."""

    def __init__(self, name, command, port, directory, cores):
        self.name = name
        self.port = port
        self.log_path = os.path.join(directory, "log")
        # A session and group of its own: the terminal's signals reach the run alone.
        with open(self.log_path, "wb") as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                pinned(command, cores), cwd=directory, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)

    def wait_until_right(self, name, address, over_tcp=False):
        """The seconds from the start to the first right answer."""
        while not answers_right(self.port, name, address, over_tcp):
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended with status {self.process.returncode}")
            if time.monotonic() - self.started > START_PATIENCE:
                raise Failure(f"{self.name} gave no right answer in {START_PATIENCE:.0f} s")
            time.sleep(0.002)
        return time.monotonic() - self.started

    def last_lines(self, count=5):
        with open(self.log_path, errors="replace") as log:
            return log.read().splitlines()[-count:]

    def stop(self):
        """Ends the server, and by force what of it does not go. Its processes are a group."""
        self.process.terminate()
        try:
            self.process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # as it should be: all have gone with the first

    def processes(self):
        """The ids of the process and its descendants, itself first."""
        found = [self.process.pid]
        for parent in found:
            found += [int(child) for child in read(f"/proc/{parent}/task/{parent}/children").split()]
        return found

    def cpu_seconds(self):
        """What all threads have used until now, in user space and the kernel."""
        total = 0
        for process in self.processes():
            for thread in list_directory(f"/proc/{process}/task"):
                total += int((read(f"/proc/{process}/task/{thread}/schedstat") or "0").split()[0])
        return total / 1e9

    def resident(self):
        """MiB of memory, with what several processes share counted once."""
        family = self.processes()
        if len(family) == 1:
            return status_mib(family[0], "status", "VmRSS")
        return sum(status_mib(process, "smaps_rollup", "Pss") for process in family)

    def peak_resident(self):
        """The most MiB that any one process had until now."""
        return max(status_mib(process, "status", "VmHWM") for process in self.processes())


def pinned(command, cores):
    return ["taskset", "-c", cores] + command if cores else command


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def list_directory(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def status_mib(process, file, key):
    for line in read(f"/proc/{process}/{file}").splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    return 0.0
