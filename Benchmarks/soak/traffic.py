"""The clients of the home: a steady stream of queries over UDP and TCP from one process, and a
judgement of every answer."""

import select
import time

import home
import questions
import tally
from datagrams import DatagramClient
from judge import Judge, Moment, Wrong
from messages import RCODES, TC
from query import clock
from streams import IdleConnection, Pipelined, SlowWriter, StreamClient

TICK = 0.005
# A query without an answer for so long has none.
PATIENCE = 8.0
# Of connections: how many begin in a second.
PACE = {"single": 30.0, "pipelined": 1.0, "idle": 2.0, "slow": 0.5}
BATCH = 40
# How far behind its schedule the traffic may be, in seconds.
MOST_LAG = 0.5
# Of one round of the loop to the next, at least a tick apart: half of it is gone in seven seconds.
LAG_DECAY = 0.9995


class Traffic:
    def __init__(self, pipe, shared, port, rate, seed):
        self.pipe, self.port, self.rate = pipe, port, rate
        self.server = ("127.0.0.1", port)
        self.moment = Moment(shared)
        self.judge = Judge(self.moment)
        self.questions = questions.Questions(seed)
        self.random = self.questions.random
        self.poll = select.epoll()
        self.handlers = {}
        self.tally = tally.Tally()
        self.datagrams = {view: [DatagramClient(self, address) for address in addresses]
                          for view, addresses in home.CLIENTS.items()}
        self.streams = set()

    def run(self):
        """Sends until told to stop, then waits for what is still out."""
        begin = time.monotonic()
        sent, due_connections = 0, dict.fromkeys(PACE, 0.0)
        is_sending = True
        next_look = begin + 1
        while True:
            now = time.monotonic()
            if is_sending:
                due = int((now - begin) * self.rate)
                self.note_lag((due - sent) / self.rate)
                if due - sent > self.rate * MOST_LAG:
                    # What was missed is not made up for: that would be a burst.
                    begin += (due - sent) / self.rate
                    continue
                for _ in range(min(due - sent, 400)):
                    self.send_datagram()
                    sent += 1
                self.open_connections(now - begin, due_connections)
            for descriptor, events in self.poll.poll(TICK):
                handler = self.handlers.get(descriptor)
                if handler:
                    handler.ready(events)
            if now >= next_look:
                next_look = now + 1
                self.look_for_lost()
            if self.pipe.poll():
                order = self.pipe.recv()
                if order == "report":
                    self.report()
                elif order == "stop":
                    is_sending = False
                else:
                    return

    def note_lag(self, seconds):
        """How far behind its schedule the traffic is; that it was so counts for a while."""
        self.tally.behind = max(self.tally.behind, seconds)
        self.judge.lag = max(seconds, self.judge.lag * LAG_DECAY)

    def report(self):
        self.tally.connections["open"] = len(self.streams)
        self.tally.connections["out"] = self.outstanding()
        self.pipe.send(self.tally)
        self.tally = tally.Tally()

    def outstanding(self):
        return (sum(len(client.pending) for clients in self.datagrams.values()
                    for client in clients) + sum(len(stream.pending) for stream in self.streams))

    def send_datagram(self):
        question = self.questions.next()
        self.random.choice(self.datagrams[question.view]).ask(question)

    def open_connections(self, elapsed, opened):
        for kind, pace in PACE.items():
            while opened[kind] < elapsed * pace:
                opened[kind] += 1
                self.open_connection(kind)

    def open_connection(self, kind):
        if kind == "slow":
            return SlowWriter(self, self.random.choice(home.CLIENTS["lan"]))
        first = self.questions.next(may_be_malformed=False)
        address = self.random.choice(home.CLIENTS[first.view])
        if kind == "idle":
            return IdleConnection(self, address, [first])
        if kind == "single":
            return StreamClient(self, address, [first])
        batch = [first]
        while len(batch) < BATCH:
            question = self.questions.next(may_be_malformed=False)
            if question.view == first.view:
                batch.append(question)
        return Pipelined(self, address, batch)

    def watch(self, handler, events):
        self.handlers[handler.socket.fileno()] = handler
        self.poll.register(handler.socket, events)

    def forget(self, handler):
        self.handlers.pop(handler.socket.fileno(), None)
        self.poll.unregister(handler.socket)

    def answered(self, query, octets, received, over_tcp):
        """Judges an answer; asks over TCP for what was truncated."""
        question = query.question
        try:
            response = self.judge.judge(question, query.sent, query.generation, octets, received,
                                        over_tcp)
        except Wrong as wrong:
            self.tally.wrong += 1
            self.tally.late += "came after" in str(wrong)
            self.tally.fault(f"{clock(received)} {question.describe()}: the answer {wrong}")
            rcode = octets[3] & 15 if len(octets) > 3 else None
            self.tally.answered[RCODES.get(rcode, "none")] += 1
            return None
        self.tally.answered[RCODES.get(response.rcode, str(response.rcode))] += 1
        self.tally.stale += response.is_stale
        if response.excuse:
            self.tally.explained[response.excuse] += 1
            if response.excuse == tally.EVICTED:
                self.tally.evicted.append(f"{clock(received)} {question.describe()}")
        elif response.flags & TC:
            StreamClient(self, query.client, [question])
        category = "tcp" if over_tcp and query.category == "local" else query.category
        if category in self.tally.latencies and not (over_tcp and category != "tcp"):
            self.tally.latencies[category].append(max(0, int((received - query.sent) * 1e6)))
        return response

    def lost(self, question, sent, cause):
        """A query without an answer and without an excuse."""
        self.tally.loss(f"{clock(sent)} {question.describe()}: no answer ({cause})")

    def look_for_lost(self):
        now = time.time()
        for clients in self.datagrams.values():
            for client in clients:
                client.look_for_lost(now - PATIENCE - self.judge.slack)
        for stream in list(self.streams):
            stream.look(now)


def main(pipe, shared, port, rate, seed):
    Traffic(pipe, shared, port, rate, seed).run()
