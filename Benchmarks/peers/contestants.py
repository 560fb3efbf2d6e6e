"""Who is compared: horizond, the yardstick, and what all have in common."""

import dataclasses
import os
import shutil
import signal

import records

WILDCARD_ADDRESS = "192.168.10.50"
UPSTREAM_ADDRESS = "203.0.113.7"
# More than any workload fills, so that no cache is measured by its size. (horizond's default does.)
CACHE_ENTRIES = 1_000_000
CACHE_MIB = 512
# More than the run opens.
TCP_CONNECTIONS = 1000


@dataclasses.dataclass
class Setup:
    """What a server is to serve: the zone vanillax.me, and the upstream's names."""
    directory: str
    port: int
    upstream: int            # port of the upstream server
    has_wildcard: bool
    record_count: int        # exact records in the zone
    base: int = records.BASE  # of their addresses
    workers: int = 1

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    @property
    def wildcard(self):
        return WILDCARD_ADDRESS if self.has_wildcard else None

    def write_master_file(self, name):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        head = records.master_file_head(self.wildcard, serial=self.base)
        records.write(self.path(name), "master file", self.record_count, self.base, head)
        return self.path(name)


def find(program):
    """Where the program is, also where an ordinary user's PATH does not look."""
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


LOCAL = {"wildcard", "records", "tcp"}
FORWARDING = {"cached", "uncached", "mixed"}


class Contestant:
    """A server that can be configured, started and, maybe, told to read its records again."""

    name = ""
    program = ""
    abilities = LOCAL
    most_records = 1_000_000
    reloads = True

    def installed(self):
        return find(self.program)

    def configure(self, setup):
        """Writes the configuration into the setup's directory; the command that serves it."""
        raise NotImplementedError

    def write_records(self, setup):
        """Writes the records that `configure` has named, again with the setup's addresses."""
        raise NotImplementedError

    def reload(self, server):
        """Has the server read its records again; does not wait until it has."""
        os.kill(server.process.pid, signal.SIGHUP)


class Horizond(Contestant):
    name = "horizond"
    abilities = LOCAL | FORWARDING | {"workers"}

    def __init__(self, program):
        self.program = program

    def configure(self, setup):
        self.write_records(setup)
        config = setup.write("horizond.yaml", f"""
listen: [127.0.0.1:{setup.port}]
zones: {{vanillax.me: zone.yaml}}
forward: {{.: {{to: ["127.0.0.1:{setup.upstream}"], cache: 300}}}}
workers: {setup.workers}
tcp: {{connections-per-client: {TCP_CONNECTIONS}}}
""")
        return [self.installed(), "serve", "--config", config]

    def write_records(self, setup):
        head = f"'*': {setup.wildcard}\n" if setup.has_wildcard else ""
        records.write(setup.path("zone.yaml"), "YAML", setup.record_count, setup.base, head)


class Yardstick(Contestant):
    """The kernel's limit: see load/yardstick.c."""

    def __init__(self, program, mode, abilities):
        self.name = f"C yardstick, {mode}"
        self.program = program
        self.mode = mode
        self.abilities = abilities

    def configure(self, setup):
        return [self.program, self.mode, str(setup.port), WILDCARD_ADDRESS]
