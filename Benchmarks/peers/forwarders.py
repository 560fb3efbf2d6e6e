"""The forwarders: unbound, dnsmasq, dnsdist, PowerDNS Recursor and SmartDNS."""

import getpass
import subprocess

import contestants
import records
from contestants import CACHE_ENTRIES, CACHE_MIB, FORWARDING, LOCAL, TCP_CONNECTIONS


class Unbound(contestants.Contestant):
    name = "unbound"
    program = "unbound"
    abilities = LOCAL | FORWARDING

    def configure(self, setup):
        self.write_records(setup)
        config = setup.write("unbound.conf", f"""
server:
    directory: "{setup.directory}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    verbosity: 0
    do-daemonize: no
    do-ip6: no
    interface: 127.0.0.1
    port: {setup.port}
    num-threads: 1
    so-rcvbuf: 4m
    incoming-num-tcp: {TCP_CONNECTIONS}
    outgoing-range: 8192
    num-queries-per-thread: 4096
    msg-cache-size: {CACHE_MIB // 2}m
    rrset-cache-size: {CACHE_MIB // 2}m
    module-config: "iterator"
    do-not-query-localhost: no
    local-zone: "vanillax.me." {"redirect" if setup.has_wildcard else "static"}
    include: "{setup.path('records')}"
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{setup.upstream}
remote-control:
    control-enable: no
""")
        return [self.installed(), "-d", "-c", config]

    def write_records(self, setup):
        head = f'local-data: "vanillax.me. A {setup.wildcard}"\n' if setup.has_wildcard else ""
        records.write(setup.path("records"), "unbound", setup.record_count, setup.base, head)


class Dnsmasq(contestants.Contestant):
    name = "dnsmasq"
    program = "dnsmasq"
    # It serves 20 TCP connections at most, and reads a million records for minutes.
    abilities = (LOCAL | FORWARDING) - {"tcp"}
    most_records = 10_000

    def configure(self, setup):
        self.write_records(setup)
        address = f"address=/vanillax.me/{setup.wildcard}\n" if setup.has_wildcard else ""
        config = setup.write("dnsmasq.conf", f"""
keep-in-foreground
user={getpass.getuser()}
pid-file={setup.path('pid')}
listen-address=127.0.0.1
bind-interfaces
port={setup.port}
no-resolv
no-hosts
addn-hosts={setup.path('records')}
cache-size=10000
dns-forward-max=10000
local=/vanillax.me/
server=127.0.0.1#{setup.upstream}
{address}""")
        return [self.installed(), "-C", config]

    def write_records(self, setup):
        records.write(setup.path("records"), "hosts", setup.record_count, setup.base)


class Dnsdist(contestants.Contestant):
    """Also with many datagrams a system call, which it can for what it answers itself."""

    program = "dnsdist"
    most_records = 0

    def __init__(self, is_batching):
        self.name = "dnsdist, batching" if is_batching else "dnsdist"
        self.batch = "setUDPMultipleMessagesVectorSize(32)" if is_batching else ""
        self.abilities = {"wildcard", "cached", "mixed"}
        if not is_batching:
            self.abilities |= {"uncached", "tcp"}

    def configure(self, setup):
        config = setup.write("dnsdist.conf", f"""
{self.batch}
setLocal("127.0.0.1:{setup.port}")
setSecurityPollSuffix("")
setMaxUDPOutstanding(65535)
setMaxTCPClientThreads(1)
setMaxTCPConnectionsPerClient({TCP_CONNECTIONS})
newServer({{address="127.0.0.1:{setup.upstream}", sockets=8}}):setUp()
getPool(""):setCache(newPacketCache({CACHE_ENTRIES}))
local zone = newSuffixMatchNode()
zone:add(newDNSName("vanillax.me."))
local is_local = SuffixMatchNodeRule(zone)
addAction(AndRule({{is_local, QTypeRule(DNSQType.A)}}),
          SpoofAction("{contestants.WILDCARD_ADDRESS}"))
addAction(is_local, RCodeAction(DNSRCode.NOERROR))
""")
        return [self.installed(), "-C", config, "--supervised", "--disable-syslog"]


class Recursor(contestants.Contestant):
    name = "pdns-recursor"
    program = "pdns_recursor"
    abilities = LOCAL | FORWARDING

    def configure(self, setup):
        self.directory = setup.directory
        self.write_records(setup)
        setup.write("recursor.conf", f"""
local-address=127.0.0.1
local-port={setup.port}
threads=1
pdns-distributes-queries=no
daemon=no
quiet=yes
loglevel=3
disable-syslog=yes
dnssec=off
dont-query=
socket-dir={setup.directory}
security-poll-suffix=
max-cache-entries={CACHE_ENTRIES}
max-packetcache-entries={CACHE_ENTRIES}
max-tcp-clients={TCP_CONNECTIONS}
max-mthreads=4096
auth-zones=vanillax.me={setup.path('zones/vanillax.me')}
forward-zones-recurse=.=127.0.0.1:{setup.upstream}
""")
        return [self.installed(), f"--config-dir={setup.directory}"]

    def write_records(self, setup):
        setup.write_master_file("zones/vanillax.me")

    def reload(self, server):
        subprocess.Popen([contestants.find("rec_control"), f"--config-dir={self.directory}",
                          "reload-zones"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class SmartDNS(contestants.Contestant):
    name = "smartdns"
    program = "smartdns"
    abilities = LOCAL | FORWARDING
    reloads = False

    def configure(self, setup):
        wildcard = f"address /vanillax.me/{setup.wildcard}\n" if setup.has_wildcard else ""
        config = setup.path("smartdns.conf")
        head = f"""
user {getpass.getuser()}
bind 127.0.0.1:{setup.port}
bind-tcp 127.0.0.1:{setup.port}
server 127.0.0.1:{setup.upstream}
cache-size {CACHE_ENTRIES}
cache-persist no
speed-check-mode none
dualstack-ip-selection no
prefetch-domain no
serve-expired no
log-level error
log-file {setup.path('smartdns.log')}
{wildcard}"""
        records.write(config, "smartdns", setup.record_count, setup.base, head)
        return [self.installed(), "-f", "-p", "-", "-c", config]
