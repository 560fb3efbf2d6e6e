"""Runs the server, its upstreams and its clients together, has things go wrong on a schedule, and
looks at the server all the while."""

import http.client
import json
import math
import multiprocessing
import os
import signal
import time

import generator
import home
import processes
import traffic
import upstreams
import watch
from judge import Moment
from tally import Tally, percentiles

# A run of fewer seconds has everything happen faster.
SHORT = 240
CHANGE_EVERY, MISTAKE_EVERY = 3, 7
MISTAKES = ("nonsense: 1\n", "tls-ca: certificate.pem\n", "identity: {id: [}\n")
SAMPLE_EVERY = 10.0
PAGE_EVERY = 2.0
PAGE = ("/", "/api/status", "/api/history", "/api/top", "/api/queries", "/health", "/ready")
BURST_EVERY, BURST_RATE, BURST_SECONDS = 60.0, 10_000, 2.0
BURST_SET = f"1:A:h#.{home.ZONE}:10000:{home.GATEWAY}"
RELOAD_PATIENCE = 30.0
# After the last query: what is out comes back, idle connections end, upstream sockets too.
DRAIN = 10.0


class Run:
    """One soak, and what was seen of it."""

    def __init__(self, arguments, directory, say):
        self.arguments, self.directory, self.say = arguments, directory, say
        self.samples, self.faults, self.losses = [], [], []
        # When an upstream was in trouble, in seconds from the start.
        self.outages = []
        is_short = arguments.seconds < SHORT
        self.fault_seconds, self.rest_seconds = (1.5, 1.0) if is_short else (8.0, 6.0)
        self.reload_every, self.first_burst = (3.0, 6.0) if is_short else (10.0, 20.0)
        self.sample_every = min(SAMPLE_EVERY, arguments.seconds / 10)
        self.reloads = {"taken": 0, "refused": 0}
        self.bursts = {"sent": 0, "answered": 0, "lost": 0, "wrong": 0}
        self.totals = Tally()
        self.reload_count = self.fault_count = 0
        self.fault_now = None
        self.pages = 0
        self.generation = self.last_written = 1
        shared = multiprocessing.Array("d", Moment.size(), lock=False)
        self.moment = Moment(shared)
        self.moment.confirmed = self.moment.possible = 1
        for letter in home.UPSTREAMS:
            self.moment.set_faulty_until(letter, -math.inf)
        ports = processes.Ports(arguments.port)
        self.upstreams = upstreams.Upstreams(directory, ports, self.moment)
        self.home = home.Home(directory, ports.take(), ports.take(), self.upstreams.endpoints)
        self.home.write(1)
        self.admin = watch.Admin(self.home.admin_port)
        self.server = self.traffic = self.burst = None
        self.load = generator.compile_programs(directory)["load"]
        self.pipe, far_end = multiprocessing.Pipe()
        self.clients = multiprocessing.Process(
            target=client_process, args=(self.pipe, far_end, shared, self.home.port,
                                         arguments.rate, arguments.seed))
        self.far_end = far_end

    def perform(self):
        """The whole of it; the server and all else are gone afterwards."""
        try:
            self.start_server()
            self.start_clients()
            self.let_time_pass()
            self.finish()
        finally:
            self.clean_up()

    def start_server(self):
        command = [self.arguments.binary, "serve", "--config", self.home.main]
        self.server = processes.Server("horizond", command, self.home.port, self.directory, None)
        self.server.wait_until_right(f"probe.{home.ZONE}", home.GATEWAY)
        self.stalls = watch.Stalls(self.server.process.pid)
        self.before = self.first_metrics()
        self.quiet_before = watch.held_by(self.server)

    def first_metrics(self):
        """The pages open a moment after the first answer."""
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.admin.metrics()
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def start_clients(self):
        self.clients.start()
        self.far_end.close()
        self.began = time.time()

    def let_time_pass(self):
        """Does what is due, until the time is over."""
        due = {self.reload: self.reload_every, self.flap: 1.0, self.look_at_stalls: 1.0,
               self.next_fault: self.rest_seconds, self.look_at_page: 1.0,
               self.start_burst: self.first_burst, self.sample: self.sample_every}
        due = {action: self.began + after for action, after in due.items()}
        while (now := time.time()) < self.began + self.arguments.seconds:
            if self.server.process.poll() is not None:
                raise processes.Failure(f"the server ended with {self.server.process.returncode}")
            if not self.clients.is_alive():
                raise processes.Failure("the clients ended")
            for action, when in list(due.items()):
                if now >= when:
                    due[action] = max(when + self.attempt(action), time.time())
            self.end_burst(wait=False)
            time.sleep(0.02)

    def attempt(self, action):
        """Does what is due; the seconds until it is due again. Who does not answer is noted, and all
        goes on, unless the server has ended."""
        try:
            return action()
        except (OSError, http.client.HTTPException) as error:
            self.fault(f"{traffic.clock(time.time())} {action.__name__}: {error}")
            return self.sample_every

    def reload(self):
        """By the signal; a mistake must change nothing."""
        self.reload_count += 1
        count = self.reload_count
        is_mistaken = count % MISTAKE_EVERY == 0
        if count % CHANGE_EVERY == 0 or is_mistaken:
            self.last_written += 1
        mistake = MISTAKES[count // MISTAKE_EVERY % len(MISTAKES)] if is_mistaken else ""
        generation = self.generation if is_mistaken else self.last_written
        self.moment.possible = generation
        self.home.write(self.last_written, mistake)
        result = "failure" if is_mistaken else "success"
        before = self.admin.metrics().total("configuration_reloads_total", result=result)
        self.server.process.send_signal(signal.SIGHUP)
        limit = time.time() + RELOAD_PATIENCE
        while self.admin.metrics().total("configuration_reloads_total", result=result) == before:
            if time.time() > limit:
                self.fault(f"reload {count} did not end in {result}")
                return self.reload_every
            time.sleep(0.05)
        self.reloads["refused" if is_mistaken else "taken"] += 1
        self.generation = self.moment.confirmed = generation
        return self.reload_every

    def flap(self):
        self.upstreams.flap()
        return 1.0

    def look_at_stalls(self):
        self.moment.stall = self.stalls.look()
        return 1.0

    def next_fault(self):
        if self.fault_now:
            self.end_fault()
            return self.rest_seconds
        self.fault_now = upstreams.FAULTS[self.fault_count % len(upstreams.FAULTS)]
        self.fault_count += 1
        self.upstreams.begin(*self.fault_now)
        self.outages.append((time.time() - self.began, math.inf))
        return self.fault_seconds

    def end_fault(self):
        self.upstreams.end(*self.fault_now)
        self.fault_now = None
        self.outages[-1] = (self.outages[-1][0], time.time() - self.began)

    def look_at_page(self):
        """As an open page does, and who watches the server."""
        for path in PAGE:
            status, _ = self.admin.get(path)
            if status != 200 and not (path == "/ready" and status == 503):
                self.fault(f"{path} says {status}")
            self.pages += 1
        return PAGE_EVERY

    def start_burst(self):
        if not self.burst:
            self.burst = generator.Load(self.load, None, self.home.port, [BURST_SET], "--rate",
                                        str(BURST_RATE), "--seconds", str(BURST_SECONDS),
                                        "--timeout", "5000")
        return BURST_EVERY

    def end_burst(self, wait):
        if self.burst and (wait or self.burst.process.poll() is not None):
            figures = self.burst.result()
            self.burst = None
            for key in self.bursts:
                self.bursts[key] += figures[key]
            if figures["wrong"]:
                self.fault(f"in a burst {figures['wrong']} of {figures['sent']} were wrong")
            if figures["lost"]:
                self.losses.append(f"in a burst {figures['lost']} of {figures['sent']}")

    def sample(self):
        """Asks the clients and the server how it went since the last time."""
        self.pipe.send("report")
        # The clients answer between two ticks.
        if not self.pipe.poll(60):
            raise processes.Failure("the clients do not report")
        tally = self.pipe.recv()
        metrics = self.admin.metrics()
        sample = {"at": round(time.time() - self.began, 1), **watch.held_by(self.server),
                  "sent": sum(tally.sent.values()), "answered": dict(tally.answered),
                  "explained": dict(tally.explained), "unexplained": tally.unexplained,
                  "wrong": tally.wrong, "late": tally.late, "stale": tally.stale,
                  "behind": tally.behind, "stall": self.moment.stall,
                  "connections": tally.connections["open"],
                  "responses": metrics.total("responses_total"),
                  "cache_entries": metrics.total("cache_entries"),
                  "evictions": metrics.total("cache_evictions_total"),
                  "in_flight": metrics.total("forward_questions_in_flight"),
                  "fault": " ".join(self.fault_now) if self.fault_now else "",
                  "latency": {name: percentiles(values)
                              for name, values in tally.latencies.items()}}
        self.add(tally)
        for text in tally.evicted:
            if sample["evictions"] == 0:
                self.fault(f"{text}: SERVFAIL, though there was an answer before")
            else:
                self.say("NOT KEPT  " + text)
        self.samples.append(sample)
        with open(os.path.join(self.arguments.output, "samples.jsonl"), "a") as file:
            file.write(json.dumps(sample) + "\n")
        self.progress(sample)
        return self.sample_every

    def add(self, tally):
        totals = self.totals
        for name in ("sent", "answered", "explained", "connections"):
            getattr(totals, name).update(getattr(tally, name))
        for name in ("unexplained", "wrong", "late", "stale"):
            setattr(totals, name, getattr(totals, name) + getattr(tally, name))
        for name, values in tally.latencies.items():
            totals.latencies[name].extend(values)
        totals.behind = max(totals.behind, tally.behind)
        for text in tally.faults:
            self.fault(text)
        for text in tally.losses:
            self.losses.append(text)
            self.say("LOST   " + text)

    def progress(self, sample):
        latency = sample["latency"]["local"]
        self.say(f"{sample['at']:7.0f} s  {sum(self.totals.sent.values()):11,} queries  "
                 f"lost {self.totals.unexplained}  wrong {self.totals.wrong}  "
                 f"{sample['rss']:6.1f} MiB  {sample['descriptors']:4} descriptors  "
                 f"local p99 {latency[2] if latency else '–'} µs  {sample['fault']}")

    def fault(self, text):
        self.faults.append(text)
        if len(self.faults) <= 200:
            self.say("WRONG  " + text)

    def finish(self):
        """Lets all that is out come back, and compares what both sides counted."""
        if self.fault_now:
            self.end_fault()
        self.end_burst(wait=True)
        self.pipe.send("stop")
        time.sleep(DRAIN)
        self.sample()
        self.after = self.admin.metrics()
        self.quiet_after = watch.held_by(self.server)
        self.kernel_drops = watch.dropped_datagrams(self.home.port)
        self.pipe.send("end")
        self.clients.join(10)
        self.server.process.terminate()
        self.server_status = self.server.process.wait(processes.STOP_PATIENCE)

    def clean_up(self):
        if self.burst:
            self.burst.abandon()
        if self.clients.is_alive():
            self.clients.terminate()
            self.clients.join()
        if self.server:
            self.server.stop()
        self.upstreams.stop()


def client_process(near_end, far_end, *arguments):
    # The conductor's end of the pipe: with both open here, its end would not be seen.
    near_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        traffic.main(far_end, *arguments)
    except (EOFError, BrokenPipeError):
        pass  # the conductor has gone
