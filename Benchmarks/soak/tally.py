"""What the traffic counts between two samples."""

import array
import collections

CATEGORIES = ("local", "cached", "uncached", "tcp")
MOST_FAULTS = 50
# Causes for which a query has no answer, or none that helps.
DROPPED = "malformed, and rightly dropped"
OUTAGE = "answered SERVFAIL, its upstreams were faulty"
EVICTED = "answered SERVFAIL, too, and the last good answer was not in the cache any more"
SERVER_FULL = "receive buffer of the server full, counts the kernel"
FULL = "receive buffer of the client full"


class Tally:
    """Counts of one interval; it goes through a pipe to the conductor."""

    def __init__(self):
        self.sent = collections.Counter()       # by transport
        self.answered = collections.Counter()   # by RCODE
        self.unexplained = 0                    # lost without a cause
        self.explained = collections.Counter()  # lost, by cause
        self.wrong = 0
        self.late = 0
        self.stale = 0
        self.faults = []                        # what is wrong, in words
        self.losses = []                        # what is lost without a cause
        self.evicted = []                       # what the cache did not keep for an outage
        self.latencies = {name: array.array("I") for name in CATEGORIES}  # microseconds
        self.connections = collections.Counter()
        self.behind = 0.0                       # the most seconds that the traffic itself was late

    def fault(self, text):
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(text)

    def loss(self, text):
        self.unexplained += 1
        if len(self.losses) < MOST_FAULTS:
            self.losses.append(text)


def percentiles(microseconds, parts=(0.5, 0.95, 0.99, 0.999)):
    """The percentiles of latencies, in microseconds; nothing of none."""
    if not microseconds:
        return None
    ordered = sorted(microseconds)
    return [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in parts]
