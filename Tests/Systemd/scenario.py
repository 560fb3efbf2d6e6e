"""The service's life under systemd, as those who run it see it, in the container of .ci/systemd.

Each check is a line of the report; the scenario goes on after one that failed.
"""

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from load import Load, Upstream, ask_each

CONFIGURATION = "/etc/horizond/horizond.yaml"
ZONE = "/etc/horizond/zone.yaml"
PORT_53 = ["127.0.0.1:53"]
# The sockets of one address and two workers.
STORED = "4"
NAME = "www.home.test"

results = []


def check(what, is_so, seen=""):
    results.append(bool(is_so))
    print(f"{'ok    ' if is_so else 'FAILED'}  {what}" + ("" if seen == "" else f": {seen}"))


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=30, **options)


def systemctl(*arguments):
    return run("systemctl", *arguments)


def show(*properties, unit="horizond.service"):
    text = systemctl("show", unit, *(f"-p{name}" for name in properties)).stdout
    return dict(line.split("=", 1) for line in text.splitlines())


def journal(*matches):
    """The service's lines as the journal has them, and `matches`."""
    systemd = run("journalctl", "--no-pager", "-o", "json", "-u", "horizond", *matches).stdout
    return [json.loads(line) for line in systemd.splitlines()]


def eventually(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def ask(name=NAME, kind="A", server="127.0.0.1", *options):
    """What dig prints as the answer's data; empty when there was none."""
    result = run("dig", f"@{server}", "+short", "+tries=1", "+time=1", name, kind, *options)
    return result.stdout.strip() if result.returncode == 0 else ""


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def configure(listen=PORT_53, workers=2, more="", logs="true", upstream="127.0.0.1:9"):
    addresses = ", ".join(f'"{address}"' for address in listen)
    write(
        CONFIGURATION,
        f"listen: [{addresses}]\nworkers: {workers}\n"
        "zones: {home.test: zone.yaml}\n"
        # Which addresses that is, the service has to ask the kernel.
        "views: {lan: {clients: [interface: lo], zones: [home.test]}}\n"
        f'forward: {{.: {{to: "{upstream}", cache: 3600}}}}\n'
        f"log: {{queries: {logs}}}\n" + more,
    )


def serve(address):
    write(ZONE, f"www: {address}\n")


def drop_in(name, text):
    write(f"/run/systemd/system/horizond.service.d/{name}.conf", text)
    systemctl("daemon-reload")


def take_out(name):
    """The drop-in of that name."""
    os.remove(f"/run/systemd/system/horizond.service.d/{name}.conf")
    systemctl("daemon-reload")


def main_pid():
    return int(show("MainPID")["MainPID"])


def stored():
    """How many descriptors systemd keeps for the service."""
    return show("NFileDescriptorStore")["NFileDescriptorStore"]


def exposure():
    text = run("systemd-analyze", "security", "--no-pager", "horizond.service").stdout
    return float(re.search(r"exposure level for \S+: ([0-9.]+)", text).group(1))


def has_few_rights():
    """What the kernel says of the process, and not what the unit asks for."""
    pid = main_pid()
    status = dict(
        line.split(":\t", 1) for line in open(f"/proc/{pid}/status", encoding="utf-8")
        if ":\t" in line)
    users = set(status["Uid"].split() + status["Gid"].split())
    check("no user or group ID of it is root's", "0" not in users, users)
    # 1 << 10 is CAP_NET_BIND_SERVICE.
    rights = {name: int(status[name], 16) for name in ["CapPrm", "CapEff", "CapBnd", "CapAmb"]}
    check("it may bind ports below 1024, and no more", set(rights.values()) == {1 << 10}, rights)
    check(
        "it cannot gain any, and its calls are filtered",
        status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2")
    limits = open(f"/proc/{pid}/limits", encoding="utf-8").read()
    check("it leaves no core", re.search(r"^Max core file size +0 +0 ", limits, re.M))
    socket = os.stat("/run/horizond/control.sock")
    group = run("stat", "-c", "%U %G", "/run/horizond/control.sock").stdout.strip()
    check(
        "its control socket is for its user and group",
        socket.st_mode & 0o777 == 0o660 and group == "horizond horizond", group)


def starts():
    result = systemctl("start", "horizond")
    check("it starts", result.returncode == 0, result.stderr.strip())
    check("it answers over UDP", ask() == "192.0.2.1", ask())
    check("it answers over TCP", ask(NAME, "A", "127.0.0.1", "+tcp") == "192.0.2.1")
    seen = show("StatusText", "User", "DynamicUser")
    check(
        "the status says what is served",
        seen["StatusText"] == "1 zone, 1 view, 1 upstream", seen["StatusText"])
    check("it has a user of its own", seen["DynamicUser"] == "yes" and seen["User"] == "horizond")
    mode = os.stat("/run/horizond")
    group = run("stat", "-c", "%G", "/run/horizond").stdout.strip()
    check(
        "its directory is for its group",
        mode.st_mode & 0o777 == 0o750 and group == "horizond", group)
    complaints = [line["MESSAGE"] for line in journal() if int(line["PRIORITY"]) <= 4]
    check("it complains of nothing", not complaints, complaints)
    with urllib.request.urlopen("http://127.0.0.1:8053/health", timeout=5) as answer:
        check("its admin pages answer", answer.read() == b"ok\n")
    check("its exposure is at most 1.5", exposure() <= 1.5, exposure())
    has_few_rights()


def reloads():
    serve("192.0.2.2")
    result = systemctl("reload", "horizond")
    check(
        "a reload ends when the new data are served",
        result.returncode == 0 and ask() == "192.0.2.2")
    status = show("StatusText")["StatusText"]
    check("the status tells of it", re.search(r"; last reload ok \d\d:\d\d:\d\d$", status), status)

    write(ZONE, "www: 192.0.2.3\nbad: 192.0.2.300\n")
    result = systemctl("reload", "horizond")
    check(
        "a bad configuration fails the reload", result.returncode != 0,
        result.stderr.strip().split("\n")[0])
    check("the old state is still served", ask() == "192.0.2.2", ask())
    status = show("StatusText", "ActiveState")
    check(
        "the status has the reason",
        re.search(r"last reload FAILED [\d:]+: \S+/zone.yaml:2:6: ", status["StatusText"]),
        status["StatusText"])
    check("the service is still active", status["ActiveState"] == "active")
    mistakes = journal("MESSAGE_ID=5e488af4e3ee4e4aa07b56b7e6eb73dc")
    check(
        "the journal has the mistake with its place",
        [(m["HORIZOND_FILE"], m["HORIZOND_LINE"]) for m in mistakes] == [(ZONE, "2")],
        [m["MESSAGE"] for m in mistakes])

    serve("192.0.2.3")
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.2", 53))
    configure(PORT_53 + ["127.0.0.2:53"])
    result = systemctl("reload", "horizond")
    check("an address that is taken fails the reload", result.returncode != 0)
    check("nothing else of it is taken over", ask() == "192.0.2.2", ask())
    taken.close()
    result = systemctl("reload", "horizond")
    check(
        "once it is free the reload succeeds",
        result.returncode == 0 and ask(server="127.0.0.2") == "192.0.2.3")
    configure()
    systemctl("reload", "horizond")
    check(
        "an address that is wanted no more is closed, and its stored sockets",
        eventually(lambda: stored() == STORED), stored())


def tells_the_journal():
    ask("www.example.net")

    def fields(identifier, **wanted):
        return any(
            all(line.get(f"HORIZOND_{name.upper()}") == value for name, value in wanted.items())
            for line in journal("MESSAGE_ID=" + identifier))

    check(
        "a query's line has its fields",
        fields("93223232c480470fb0554699dcdb5bb2",
               qname="www.home.test", qtype="A", client="127.0.0.1", view="lan"))
    check(
        "so has that of a failed one",
        fields("7a8387dc51f943388ee6aeafbabfd0d9",
               qname="www.example.net", qtype="A", upstream="127.0.0.1:9"))
    check("each line has a kind", all("MESSAGE_ID" in line for line in journal("_COMM=horizond")))


def outlives_a_stuck_journal():
    """Queries are answered and orders taken while nobody reads what the service logs."""
    queries = "MESSAGE_ID=93223232c480470fb0554699dcdb5bb2"
    serve("192.0.2.4")
    # So that a control queue that waits for the journal is noticed; and without journald's own limit,
    # which would drop some of the lines that are looked for.
    drop_in("stuck", "[Service]\nWatchdogSec=2\nLogRateLimitIntervalSec=0\n")
    systemctl("restart", "horizond")
    before = show("MainPID", "NRestarts")
    journald = int(show("MainPID", unit="systemd-journald.service")["MainPID"])
    load = Load(NAME)
    time.sleep(1)
    os.kill(journald, signal.SIGSTOP)
    try:
        written = len(journal(queries))
        time.sleep(2)
        serve("192.0.2.3")
        begun = time.monotonic()
        result = systemctl("reload", "horizond")
        took = time.monotonic() - begun
        check(
            "while the journal is stuck a reload ends, and the new data are served",
            result.returncode == 0 and ask() == "192.0.2.3", f"{took * 1000:.0f} ms")
        time.sleep(3)
        more = len(journal(queries)) - written
        check("it is stuck all the time", written > 0 and more == 0, f"{written} lines, then {more}")
    finally:
        os.kill(journald, signal.SIGCONT)
    time.sleep(1)
    load.stop()
    check("no query is lost for it", load.sent > 5000 and load.lost == 0, load)
    check("and none waits for it", load.slowest < 0.1, f"{load.slowest * 1000:.0f} ms")
    check("the watchdog is fed all the time", show("MainPID", "NRestarts") == before)
    ask("later.home.test")
    check(
        "the journal goes on afterwards",
        eventually(lambda: journal(queries, "HORIZOND_QNAME=later.home.test")))
    # Every ten seconds it says how many.
    def missing():
        return [l["MESSAGE"] for l in journal("MESSAGE_ID=bc1f4cf100484f6ca9edf72e0de4d107")]
    check("and has how many lines are missing", eventually(missing, 15), missing())
    take_out("stuck")


def threads_by_work(pid, seconds):
    """All of them, those first that run most while they are looked at: under load, the workers'."""
    def running():
        nanoseconds = {}
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="utf-8") as file:
                nanoseconds[thread] = int(file.read().split()[0])
        return nanoseconds
    before = running()
    time.sleep(seconds)
    after = running()
    return sorted(after, key=lambda thread: before.get(thread, 0) - after[thread])


def stop_thread(thread):
    """Stops one thread of a process, as a tracer does."""
    seize, interrupt = 0x4206, 0x4207
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (seize, interrupt):
        if libc.ptrace(request, int(thread), None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")


def has_ended(thread):
    """Whether a thread that was stopped so is gone, which its tracer has to take note of."""
    whichever = 0x40000000
    try:
        _, status = os.waitpid(int(thread), os.WNOHANG | whichever)
    except ChildProcessError:
        return True
    return os.WIFSIGNALED(status)


def timeouts():
    lines = [line["MESSAGE"] for line in journal("_PID=1")]
    return [line for line in lines if "Watchdog timeout" in line]


def feeds_the_watchdog():
    drop_in("watchdog", "[Service]\nWatchdogSec=2\n")
    systemctl("restart", "horizond")
    before = main_pid()
    time.sleep(4)
    check("a service that lives is left alone", main_pid() == before)
    os.kill(before, signal.SIGSTOP)
    revived = eventually(lambda: main_pid() not in (0, before) and ask() == "192.0.2.3", 15)
    check("a stopped one is killed and started again", revived)
    check("the journal says why", len(timeouts()) == 1, timeouts())

    # Else the thread that writes the log has most to do.
    configure(logs="false")
    systemctl("restart", "horizond")
    before = main_pid()
    load = Load(NAME, rate=4000)
    thread = threads_by_work(before, 1)[0]
    stop_thread(thread)
    later = Load(NAME, ports=64)
    time.sleep(0.5)
    answered = later.answered
    check("while one of two workers is stuck the other answers", 50 < answered < 450, answered)
    eventually(lambda: has_ended(thread))
    revived = eventually(lambda: main_pid() not in (0, before) and ask() == "192.0.2.3", 15)
    load.stop()
    later.stop()
    check("a stuck worker is enough to be killed", revived and len(timeouts()) == 2, timeouts())
    takes_no_orders()
    take_out("watchdog")


def takes_no_orders():
    """With the watchdog's drop-in: of all threads only the workers' go on, and the first.

    Nobody can say which will run the control queue next: it is any of Dispatch's that is free, once the
    one that waits for signals and timers has seen something. The workers keep theirs for ten seconds
    from the start on, and need no other meanwhile. The first waits for the end of the program and does
    nothing else; all others block SIGABRT, by which the watchdog kills.
    """
    systemctl("restart", "horizond")
    before = main_pid()
    load = Load(NAME, rate=4000)
    workers = threads_by_work(before, 1)[:2]
    begun = time.monotonic()
    others = set(os.listdir(f"/proc/{before}/task")) - {*workers, str(before)}
    for thread in others:
        stop_thread(thread)
    later = Load(NAME, ports=64)
    time.sleep(0.5)
    sent, answered = later.sent, later.answered
    check(
        "while the part that takes orders is stuck both workers answer",
        others and main_pid() == before and answered > 450,
        f"{answered} of {sent} queries, {len(others)} threads stopped")
    # Note is to be taken of each, whatever of those before it.
    eventually(lambda: all([has_ended(thread) for thread in others]), 15)
    took = time.monotonic() - begun
    revived = eventually(lambda: main_pid() not in (0, before) and ask() == "192.0.2.3", 15)
    load.stop()
    later.stop()
    # The last sign of life was no later than the stop, or is the answer to what was asked before it.
    check(
        "for which the server is killed within WatchdogSec=", took < 3 and len(timeouts()) == 3,
        f"{took:.1f} s")
    check("and started again", revived)


def keeps_its_sockets():
    for workers, what in [(2, "as many workers"), (4, "more workers"), (1, "fewer workers")]:
        configure(workers=workers, more="cookies: false\n")
        load = Load(NAME)
        time.sleep(1)
        before = main_pid()
        result = systemctl("restart", "horizond")
        time.sleep(1.5)
        load.stop()
        check(
            f"a restart with {what} loses no query",
            result.returncode == 0 and main_pid() != before
            and load.sent > 1500 and load.lost == 0,
            f"{load} {result.stderr.strip()}".strip())
    load = Load(NAME)
    time.sleep(1)
    before = main_pid()
    os.kill(before, signal.SIGKILL)
    revived = eventually(lambda: main_pid() not in (0, before), 5)
    time.sleep(1)
    load.stop()
    check(
        "after a crash what came meanwhile is answered, but for what was being read",
        revived and load.lost <= 64, load)
    check("TCP is served afterwards", ask(NAME, "A", "127.0.0.1", "+tcp") == "192.0.2.3")
    configure(["127.0.0.3:53"], workers=2)
    systemctl("restart", "horizond")
    check("a restart takes another address", ask(server="127.0.0.3") == "192.0.2.3")
    check("and gives back the old one", stored() == STORED and not ask(), stored())
    systemctl("stop", "horizond")


def started_again(since):
    """When systemd had seen the old process's end, started the new one, and heard that it is ready.

    In milliseconds after `since`, of the clock that both sides have.
    """
    names = ["ActiveExitTimestampMonotonic", "ExecMainStartTimestampMonotonic",
             "ActiveEnterTimestampMonotonic"]
    seen = show(*names)
    return [int(seen[name]) / 1000 - since * 1000 for name in names]


def survives_crashes():
    """With what it had cached, and in less time than a client notices."""
    upstream = Upstream()
    more = "cookies: false\ncache-file: /var/cache/horizond/cache\n"
    configure(more=more, logs="false", upstream=f"127.0.0.1:{upstream.port}")
    systemctl("restart", "horizond")
    names = [f"host{number}.example.net" for number in range(40)]
    answers = {name: ask(name) for name in names}
    upstream.stop()
    check("answers are cached", all(answers.values()))
    for number in [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT]:
        # The file is written, or has its name again, after five seconds.
        time.sleep(6)
        load = Load(NAME)
        time.sleep(1)
        before = main_pid()
        killed = time.monotonic()
        os.kill(before, number)
        revived = eventually(lambda: main_pid() not in (0, before), 5)
        time.sleep(1)
        load.stop()
        what = signal.Signals(number).name
        ended, started, ready = started_again(killed)
        check(
            f"after {what} systemd starts the next process within 100 ms",
            revived and 0 < ended <= started < 100,
            f"the end seen after {ended:.0f} ms, the next started after {started:.0f}, "
            f"{started - ended:.0f} later, and ready after {ready:.0f}, {ready - ended:.0f} later")
        check(
            f"after {what} no query is lost but what was being read",
            revived and load.lost <= 4, load)
        # What comes as it crashes waits until the next process is ready. As RestartSec=0 was chosen
        # that took 94 to 136 ms; 137 to 396 where others kept both of two processors busy.
        check("and none waits for long", load.slowest < 0.4, f"{load.slowest * 1000:.0f} ms")
        kept = sum(ask(name) == answers[name] for name in names)
        check("what was cached still is, without an upstream", kept == len(names), kept)
    warning = "the last process ended within seconds of loading"
    os.kill(main_pid(), signal.SIGKILL)
    told = eventually(lambda: any(warning in line["MESSAGE"] for line in journal()), 5)
    check("a file that was loaded just before a crash is not loaded again", told)
    check("and the server goes on", eventually(lambda: ask() != "", 5))
    systemctl("stop", "horizond")


def is_activated():
    write(
        "/run/systemd/system/horizond.socket.d/listen.conf",
        "[Socket]\nListenDatagram=\nListenStream=\n"
        "ListenDatagram=127.0.0.1:53\nListenStream=127.0.0.1:53\n"
        "ListenDatagram=127.0.0.4:53\n")
    write(
        "/run/systemd/system/horizond-control.socket",
        "[Socket]\nListenStream=/run/tools.sock\nSocketMode=0660\n"
        "FileDescriptorName=control\nService=horizond.service\n")
    with open("/scenario/socket-only.conf", encoding="utf-8") as file:
        drop_in("socket-only", file.read())
    configure(workers=4)
    result = systemctl("start", "horizond.socket")
    check("the socket unit starts", result.returncode == 0, result.stderr.strip())
    systemctl("start", "horizond-control.socket")
    check("a query starts the service and is answered", ask() == "192.0.2.3", ask())
    check("so is one over TCP", ask(NAME, "A", "127.0.0.1", "+tcp") == "192.0.2.3")
    status = open(f"/proc/{main_pid()}/status", encoding="utf-8").read()
    capabilities = re.findall(r"^Cap(?:Prm|Eff|Bnd|Amb):\s*(\w+)$", status, re.M)
    check("it has no capability", set(capabilities) == {"0" * 16}, capabilities)
    check("its exposure is at most 1.2", exposure() <= 1.2, exposure())
    warnings = [line["MESSAGE"] for line in journal("MESSAGE_ID=653688ec29344f659b545d39b4ab7c48")]
    check(
        "a socket for no address of listen is named",
        any("127.0.0.4:53/udp" in warning for warning in warnings))

    tool = ["/opt/horizond/bin/horizond", "stats", "--json", "--control", "/run/tools.sock"]
    answer = run(*tool)
    check("a control socket can be passed", '"queries"' in answer.stdout, answer.stderr)

    load = Load(NAME, rate=4000)
    time.sleep(2)
    systemctl("kill", "-s", "USR1", "horizond")
    time.sleep(1)
    load.stop()
    lines = [l["MESSAGE"] for l in journal("MESSAGE_ID=5fedf09af680437aac98fba627c0cb7e")]
    shares = [line for line in lines if line.startswith("queries of each worker: ")][-1]
    counts = [int(number) for number in re.findall(r"\d+", shares)]
    check("all workers share the one socket", len(counts) == 4 and min(counts) > 0, shares)
    check("and lose nothing", load.lost == 0, load)

    configure(PORT_53 + ["127.0.0.4:53", "127.0.0.1:5300"], workers=4)
    result = systemctl("reload", "horizond")
    # Only UDP of it was passed, and the service has no right to open the other.
    status = show("StatusText")["StatusText"]
    check(
        "a reload cannot open port 53, and says who could",
        result.returncode != 0 and "127.0.0.4:53/tcp" in status
        and status.endswith("or a socket unit that passes it"), status)
    configure(PORT_53 + ["127.0.0.1:5300"], workers=4)
    result = systemctl("reload", "horizond")
    check(
        "but another port",
        result.returncode == 0 and ask(NAME, "A", "127.0.0.1", "-p", "5300") == "192.0.2.3")
    configure(["127.0.0.1:5300"], workers=4)
    systemctl("reload", "horizond")
    check("a passed socket may be left", eventually(lambda: ask() == "", 20))
    configure(workers=4)
    systemctl("reload", "horizond")
    check("and taken up again", ask() == "192.0.2.3", ask())

    load = Load(NAME)
    time.sleep(1)
    systemctl("restart", "horizond")
    time.sleep(1.5)
    check("a restart of an activated service loses no query", load.stop().lost == 0, load)
    systemctl("stop", "horizond.socket", "horizond-control.socket", "horizond.service")
    take_out("socket-only")


def processor_seconds(pid):
    """What a process has used, its children that have ended included."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def is_started_again():
    """However often it has failed, who has mended the reason can start it at once."""
    configure(more="nonsense: 1\n")
    tries = [systemctl("restart", "horizond").returncode for _ in range(12)]
    failed = show("Result", "ExecMainStatus", "NRestarts")
    check(
        "a configuration with a mistake fails each start, and is not tried again",
        all(tries) and failed == {"Result": "exit-code", "ExecMainStatus": "78", "NRestarts": "0"},
        failed)
    configure()
    result = systemctl("restart", "horizond")
    check("once it is mended the service starts", result.returncode == 0 and ask(), result.stderr)

    drop_in("crash", "[Service]\nExecStart=\nExecStart=/bin/false\n")
    systemctl("restart", "--no-block", "horizond")
    before, pid1 = time.monotonic(), processor_seconds(1)
    time.sleep(5)
    passed = time.monotonic() - before
    restarts = int(show("NRestarts")["NRestarts"]) / passed
    check("a service that crashes is started again and again", restarts > 2, f"{restarts:.0f}/s")
    share = (processor_seconds(1) - pid1) / passed
    check("which costs less than a processor", share < 0.9, f"{share * 100:.0f} %")
    take_out("crash")
    result = systemctl("restart", "horizond")
    check("once it is mended the service starts", result.returncode == 0 and ask(), result.stderr)
    systemctl("stop", "horizond")

    configure(more="nonsense: 1\n")
    for number in ["first", "second"]:
        systemctl("start", "horizond.socket")
        ask()
        closed = eventually(lambda: show("Result", unit="horizond.socket")["Result"] != "success")
        socket = show("Result", unit="horizond.socket")["Result"]
        check(
            f"the {number} time queries start it in vain the sockets close",
            closed and socket == "trigger-limit-hit", socket)
        time.sleep(2)  # A person is not quicker than TriggerLimitIntervalSec=.
    configure()
    result = systemctl("start", "horizond.socket")
    check(
        "once it is mended the sockets open, and a query starts the service",
        result.returncode == 0 and ask() == "192.0.2.3", result.stderr)
    systemctl("stop", "horizond.socket", "horizond.service")


def reads_credentials():
    write("/etc/secret/cookies", "000102030405060708090a0b0c0d0e0f\n")
    os.chmod("/etc/secret", 0o700)
    os.chmod("/etc/secret/cookies", 0o600)
    configure(more="cookies: {file: credential:cookies}\n")
    result = systemctl("start", "horizond")
    check("a credential that is missing keeps it from starting", result.returncode != 0)
    messages = [line["MESSAGE"] for line in journal("MESSAGE_ID=5e488af4e3ee4e4aa07b56b7e6eb73dc")]
    check(
        "the journal says which, and where it is named",
        messages and ":7:17: no credentials are passed" in messages[-1], messages[-1:])
    drop_in("secret", "[Service]\nLoadCredential=other:/etc/secret/cookies\n")
    systemctl("start", "horizond")
    messages = [line["MESSAGE"] for line in journal("MESSAGE_ID=5e488af4e3ee4e4aa07b56b7e6eb73dc")]
    check("so with one of another name", "/cookies\": No such file" in messages[-1], messages[-1:])
    drop_in("secret", "[Service]\nLoadCredential=cookies:/etc/secret/cookies\n")
    result = systemctl("start", "horizond")
    check("LoadCredential= brings it", result.returncode == 0 and ask() == "192.0.2.3")
    result = systemctl("reload", "horizond")
    check("also to a reload", result.returncode == 0)


def keeps_to_its_memory():
    """The cache shrinks before MemoryMax= of the unit is met, and nothing is killed for it."""
    upstream = Upstream(text=1000)
    # The index of a cache of that size would be more than all that there is.
    configure(
        logs="false", upstream=f"127.0.0.1:{upstream.port}", more="cache-size: 4GiB\n")
    drop_in("memory", "[Service]\nMemoryMax=32M\n")
    systemctl("restart", "horizond")
    group = "/sys/fs/cgroup/memory/system.slice/horizond.service"
    if not os.path.exists(group):
        upstream.stop()
        return print("skipped MemoryMax=: systemd has no memory controller here")
    before = main_pid()
    count = 40_000
    asked = ask_each((f"host{number}.example.net" for number in range(count)), 16)
    upstream.stop()
    check("beyond what MemoryMax= holds every answer comes", asked == count, asked)
    stats = run("/opt/horizond/bin/horizond", "stats").stdout
    taken = re.search(r"^memory .*", stats, re.M)
    check(
        "the server knows the unit's bound", taken and "32.0 MiB" in taken[0]
        and "horizond.service" in taken[0], taken and taken[0])
    told = [line["MESSAGE"] for line in journal() if "memory is short" in line["MESSAGE"]]
    check("the journal says that the cache became smaller", told, told[:1])
    with open(f"{group}/memory.oom_control", encoding="utf-8") as file:
        killed = dict(line.split() for line in file)["oom_kill"]
    check("nothing was killed", killed == "0" and main_pid() == before and ask() != "", killed)
    take_out("memory")
    systemctl("stop", "horizond")


def main():
    # The user of a service that runs has a name.
    write("/etc/nsswitch.conf", "passwd: files systemd\ngroup: files systemd\nhosts: files dns\n")
    serve("192.0.2.1")
    configure()
    parts = [
        starts, reloads, tells_the_journal, outlives_a_stuck_journal, feeds_the_watchdog,
        keeps_its_sockets, survives_crashes, is_activated, is_started_again, reads_credentials,
        keeps_to_its_memory,
    ]
    for part in parts:
        begun = time.monotonic()
        try:
            part()
        except Exception as error:  # The other parts may still tell something.
            check(f"{part.__name__} ends", False, repr(error))
        print(f"        ({part.__name__}: {time.monotonic() - begun:.1f} s)")
    if not all(results):
        unit = ["-u", "horizond", "-u", "horizond.socket"]
        lines = run("journalctl", "--no-pager", *unit).stdout.splitlines()
        print("\n".join([line for line in lines if ": query " not in line][-80:]))
        sys.exit(1)
    print(f"all {len(results)} well")


main()
