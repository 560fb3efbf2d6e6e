"""Holds answers against what the home's clients are to be told, and says why one is wrong."""

import math

import home
from messages import (COOKIE, Malformed, QR, RCODES, Response, SERVFAIL, TC,
                      describe_answers)
from tally import EVICTED, OUTAGE

# The server answers within four seconds. What comes later than this is late, unless the machine
# was.
LATE = 4.5
# A failure is kept for five seconds (`failures`), and begins with an attempt up to four seconds
# earlier; an upstream that was down is found well again by a probe.
RECOVERY = 6.0


class Wrong(Exception):
    """An answer that is none; the text says why."""


class Moment:
    """What may be true at some time: generations of the zone, which upstreams are faulty, and how
    long the server had to wait for a processor. Backed by memory that the conductor shares with the
    traffic."""

    def __init__(self, shared):
        self.shared = shared

    @staticmethod
    def size():
        return 3 + len(home.UPSTREAMS)

    @property
    def confirmed(self):
        return int(self.shared[0])

    @confirmed.setter
    def confirmed(self, generation):
        self.shared[0] = generation

    @property
    def possible(self):
        """Of the generation confirmed before, and of this one, answers may come."""
        return int(self.shared[1])

    @possible.setter
    def possible(self, generation):
        self.shared[1] = generation

    @property
    def stall(self):
        """For how many seconds of the last ones a thread of the server was ready to run and did
        not."""
        return self.shared[2]

    @stall.setter
    def stall(self, seconds):
        self.shared[2] = seconds

    def set_faulty_until(self, letter, time):
        self.shared[3 + home.UPSTREAMS.index(letter)] = time

    def is_faulty(self, letter, since):
        return self.shared[3 + home.UPSTREAMS.index(letter)] + RECOVERY >= since


class Judge:
    """Judges answers, and remembers which names had a good one."""

    def __init__(self, moment):
        self.moment = moment
        # By how much the clients themselves were late of late.
        self.lag = 0.0
        # When a name that is often asked for had its first good answer.
        self.good_since = {}
        self.fresh_until = {}

    @property
    def slack(self):
        """By how much a time may be missed, since the machine had other work."""
        return self.moment.stall + self.lag

    def category(self, question, now):
        """What the latency counts for: local, cached, uncached, or nothing of these."""
        if question.kind_of_answer != "data" or question.view is None:
            return "other"
        if home.own(question.view, question.name, question.kind, 0) is not None:
            return "local"
        if question.is_unique:
            return "uncached"
        return "cached" if self.fresh_until.get(key(question), 0) > now + 0.1 else "other"

    def judge(self, question, sent, generation, octets, received, over_tcp):
        """The response, if it is right. `generation` was confirmed when the query was sent."""
        try:
            response = Response(octets, question.question_end if question.kind_of_answer == "data"
                                else question_end(octets))
        except (Malformed, IndexError) as error:
            raise Wrong(f"cannot be read: {error}") from None
        if not response.flags & QR:
            raise Wrong("is no response")
        if question.kind_of_answer != "data":
            self.judge_error(question, response)
            return response
        if octets[12:question.question_end] != question.message[12:question.question_end]:
            raise Wrong("has another question")
        if response.has_opt != question.has_edns:
            raise Wrong("has an OPT record and should not, or the other way round")
        # A refusal is no longer than its query, which may leave no room.
        if question.cookie and question.view and len(response.options.get(COOKIE, b"")) != 24:
            raise Wrong("has no server cookie")
        if received - sent > LATE + self.slack:
            raise Wrong(f"came after {received - sent:.1f} s")
        if response.flags & TC:
            if over_tcp or len(octets) > (1232 if question.has_edns else 512):
                raise Wrong("is truncated, and should not be")
            return response
        response.excuse = self.judge_data(question, sent, generation, response, received)
        return response

    @staticmethod
    def judge_error(question, response):
        if question.kind_of_answer not in ("any", response.rcode):
            raise Wrong(f"is {RCODES.get(response.rcode, response.rcode)} and not "
                        f"{RCODES.get(question.kind_of_answer, 'dropped')}")

    def judge_data(self, question, sent, generation, response, received):
        """The cause of a failure, if that is what the response is."""
        if response.rcode == SERVFAIL:
            return self.judge_failure(question, sent)
        got = (response.rcode, response.answers)
        possible = range(generation, self.moment.possible + 1)
        good = [home.expected(question.view, question.name, question.kind, each)
                for each in possible]
        if got not in good:
            rcode, answers = good[-1]
            raise Wrong(f"is {RCODES.get(got[0], got[0])}, {describe_answers(got[1])}; expected "
                        f"{RCODES[rcode]}, {describe_answers(answers)} (generation "
                        f"{generation} to {self.moment.possible})")
        if question.is_dear:
            self.good_since.setdefault(key(question), received)
        # Without EDNS nothing tells a stale answer from a fresh one.
        if response.ttl and response.has_opt and not response.is_stale and not question.is_unique:
            self.fresh_until[key(question)] = received + response.ttl - 1
        return None

    def judge_failure(self, question, sent):
        if home.own(question.view, question.name, question.kind, 0) is not None:
            raise Wrong("is SERVFAIL for what the server knows by itself")
        letters = home.rule_for(question.view, question.name)
        if not all(self.moment.is_faulty(letter, sent - self.slack) for letter in letters):
            raise Wrong(f"is SERVFAIL while an upstream of {letters} is well")
        had_good = question.is_dear and self.good_since.get(key(question), math.inf) < sent
        return EVICTED if had_good else OUTAGE


def key(question):
    return question.view, question.name, question.kind, question.dnssec_ok


def question_end(octets):
    """Where the question of any response ends: an error may repeat it or not."""
    if not octets[5]:
        return 12
    at = 12
    while octets[at] and octets[at] < 0xc0:
        at += 1 + octets[at]
    return at + (1 if octets[at] == 0 else 2) + 4
