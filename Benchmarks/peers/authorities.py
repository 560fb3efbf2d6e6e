"""The authoritative servers: Knot DNS, NSD and gdnsd."""

import subprocess

import contestants


class Knot(contestants.Contestant):
    name = "knot"
    program = "knotd"

    def configure(self, setup):
        self.write_records(setup)
        config = setup.write("knot.conf", f"""
server:
    rundir: {setup.directory}
    listen: 127.0.0.1@{setup.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    tcp-max-clients: {contestants.TCP_CONNECTIONS}
database:
    storage: {setup.directory}
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: {setup.directory}
    journal-content: none
    zonefile-sync: -1
    zonefile-load: whole
zone:
  - domain: vanillax.me
    file: zones/vanillax.me
""")
        return [self.installed(), "-c", config]

    def write_records(self, setup):
        setup.write_master_file("zones/vanillax.me")


class NSD(contestants.Contestant):
    name = "nsd"
    program = "nsd"

    def configure(self, setup):
        self.write_records(setup)
        config = setup.write("nsd.conf", f"""
server:
    ip-address: 127.0.0.1@{setup.port}
    server-count: 1
    username: ""
    chroot: ""
    pidfile: ""
    database: ""
    zonesdir: "{setup.directory}"
    xfrdfile: "{setup.path('xfrd.state')}"
    zonelistfile: "{setup.path('zone.list')}"
    xfrdir: "{setup.directory}"
    zonefiles-check: yes
    tcp-count: {contestants.TCP_CONNECTIONS}
    tcp-query-count: 0
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    verbosity: 0
remote-control:
    control-enable: no
zone:
    name: vanillax.me
    zonefile: zones/vanillax.me
""")
        return [self.installed(), "-d", "-c", config]

    def write_records(self, setup):
        setup.write_master_file("zones/vanillax.me")


class Gdnsd(contestants.Contestant):
    name = "gdnsd"
    program = "gdnsd"

    def configure(self, setup):
        self.directory = setup.directory
        self.write_records(setup)
        setup.write("config", f"""
options => {{
    listen => 127.0.0.1:{setup.port}
    udp_threads => 1
    tcp_threads => 1
    tcp_clients_per_thread => {contestants.TCP_CONNECTIONS}
    run_dir => {setup.path('run')}
    state_dir => {setup.path('state')}
}}
""")
        return [self.installed(), "-c", setup.directory, "start"]

    def write_records(self, setup):
        setup.write_master_file("zones/vanillax.me")

    def reload(self, server):
        subprocess.Popen([contestants.find("gdnsdctl"), "-c", self.directory, "reload-zones"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
