"""The upstreams of the soak as processes, and what goes wrong with them, when."""

import math
import os
import signal
import subprocess
import sys
import time

import home
import processes

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "upstream.py")
TLS_UPSTREAM, TLS_NAME = "e", "dns.home.example"
FLAPPING_UPSTREAM = "g"
FLAPS = ("well", "silent", "well", "closed")
# What goes wrong in turn, and with whom. `slow` and `truncated` are no excuse for a failure.
FAULTS = (("killed", "a"), ("paused", "c"), ("servfail", "b"), ("killed", "e"), ("slow 0.7", "a"),
          ("paused", "ab"), ("truncated", "a"), ("servfail", "cd"), ("killed", "f"),
          ("truncated", "cd"), ("paused", "e"), ("slow 1.2", "f"), ("killed", "ab"),
          ("servfail", "abc"), ("slow 0.9", "e"), ("paused", "f"))


class Upstream:
    """One process, which is killed and started again."""

    def __init__(self, address, port, certificate):
        self.command = [sys.executable, PROGRAM, address, str(port), *certificate]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, start_new_session=True)
        if self.process.stdout.readline() != "ready\n":
            raise processes.Failure("an upstream did not start")

    def order(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Upstreams:
    def __init__(self, directory, ports, moment):
        self.moment = moment
        certificate = make_certificate(directory)
        self.endpoints, self.by_letter = {}, {}
        for index, letter in enumerate(home.UPSTREAMS, 1):
            address, port = f"127.0.20.{index}", ports.take()
            over_tls = letter == TLS_UPSTREAM
            self.endpoints[letter] = (f'"tls://{address}:{port}#{TLS_NAME}"' if over_tls
                                      else f'"{address}:{port}"')
            self.by_letter[letter] = Upstream(address, port, certificate if over_tls else ())
        moment.set_faulty_until(FLAPPING_UPSTREAM, math.inf)
        self.flaps = 0

    def flap(self):
        self.by_letter[FLAPPING_UPSTREAM].order(FLAPS[self.flaps % len(FLAPS)])
        self.flaps += 1

    def begin(self, fault, letters):
        for letter in letters:
            upstream = self.by_letter[letter]
            if fault in ("killed", "paused", "servfail"):
                self.moment.set_faulty_until(letter, math.inf)
            if fault == "killed":
                upstream.stop()
            elif fault == "paused":
                upstream.process.send_signal(signal.SIGSTOP)
            else:
                upstream.order(fault)

    def end(self, fault, letters):
        for letter in letters:
            upstream = self.by_letter[letter]
            if fault == "killed":
                upstream.start()
            elif fault == "paused":
                upstream.process.send_signal(signal.SIGCONT)
            else:
                upstream.order("well")
            if fault in ("killed", "paused", "servfail"):
                self.moment.set_faulty_until(letter, time.time())

    def stop(self):
        for upstream in self.by_letter.values():
            if upstream.process.returncode is None:
                upstream.stop()


def make_certificate(directory):
    """A certificate that vouches for itself, and its key."""
    paths = os.path.join(directory, "certificate.pem"), os.path.join(directory, "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "30", "-subj", f"/CN={TLS_NAME}", "-addext", f"subjectAltName=DNS:{TLS_NAME}",
         "-out", paths[0], "-keyout", paths[1]], check=True, stderr=subprocess.DEVNULL)
    return paths
