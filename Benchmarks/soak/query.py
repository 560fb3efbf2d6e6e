"""A question on its way."""

import time


class Query:
    """What was asked, when, by whom, and what was known then."""

    __slots__ = ("question", "sent", "generation", "category", "client")

    def __init__(self, traffic, question, client):
        self.question, self.client = question, client
        self.generation = traffic.moment.confirmed
        self.sent = time.time()
        self.category = traffic.judge.category(question, self.sent)


def clock(when):
    return time.strftime("%H:%M:%S", time.localtime(when)) + f".{int(when % 1 * 1000):03d}"
