"""What the clients of the home ask: names by Zipf's law, types as browsers and mail servers ask for
them, with and without EDNS, and now and then rubbish."""

import bisect
import itertools
import random
import struct

import home
from messages import (A, AAAA, BADVERS, COOKIE, FORMERR, HEADER, HTTPS, MX, NOTIMP, PTR, QR, RD,
                      SRV, TXT, TYPES as TYPE_NAMES, pack_name, pack_opt, pack_option)

POPULAR = 5000
# Asked for so often that the last good answer must stand in for them, once they had one.
DEAR = 100
DOMAINS = ("example.net", "example.org", "example.com", "example.edu")
# Of a thousand queries.
CLASSES = {"local": 340, "popular": 440, "unique": 100, "denied": 60, "flapping": 40, "special": 10,
           "malformed": 10}
VIEWS = {"lan": 68, "guest": 15, "tailnet": 15, None: 2}
TYPES = {A: 55, AAAA: 22, HTTPS: 16, TXT: 3, MX: 2, PTR: 1, SRV: 1}
FLAPPING_DEAR, FLAPPING_OTHERS = 50, 20_000


class Choice:
    """Draws values by their weights."""

    def __init__(self, weights):
        self.values = list(weights)
        self.sums = list(itertools.accumulate(weights.values()))

    def draw(self, generator):
        return self.values[bisect.bisect(self.sums, generator.random() * self.sums[-1])]


class Question:
    """A query to be sent, and what is to come back."""

    __slots__ = ("view", "name", "kind", "message", "question_end", "kind_of_answer", "dnssec_ok",
                 "is_dear", "is_unique", "cookie", "has_edns", "what")

    def describe(self):
        what = self.what or f"{self.name} {TYPE_NAMES.get(self.kind, self.kind)}"
        return f"{what}, view {self.view or 'none'}"


class Questions:
    """The stream of questions. Its seed gives the same ones again."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.classes, self.views, self.types = Choice(CLASSES), Choice(VIEWS), Choice(TYPES)
        self.ranks = Choice({popular_name(rank): 1 / (rank + 1) for rank in range(POPULAR)})
        self.dear = {popular_name(rank) for rank in range(DEAR)}
        self.numbers = itertools.count()
        self.run = f"{seed:x}"

    def next(self, may_be_malformed=True):
        kind_of_query = self.classes.draw(self.random)
        view = self.views.draw(self.random)
        if kind_of_query == "malformed":
            if may_be_malformed:
                return malformed(self.random, view)
            kind_of_query = "local"
        name, kind = getattr(self, kind_of_query)(view)
        question = self.well_formed(view, name, kind)
        question.is_unique = kind_of_query == "unique"
        return question

    def local(self, _):
        draw = self.random.random()
        if draw < 0.45:
            return f"host{self.random.randrange(home.HOSTS)}.{home.ZONE}", self.type_of_host()
        if draw < 0.65:
            return f"h{self.random.randrange(10_000)}.{home.ZONE}", self.type_of_host()
        if draw < 0.72:
            name = self.random.choice(("nas.", "alias.", "", "plex.", "mail."))
            return name + home.ZONE, self.type_of_host()
        if draw < 0.92:
            return f"r{self.random.randrange(home.LAB_HOSTS)}.{home.LAB}", self.type_of_host()
        if draw < 0.98:
            return self.reverse_name(), PTR
        return self.random.choice(((home.LAB, MX), ("_http._tcp." + home.LAB, SRV),
                                   (home.ZONE, MX), (f"host1.{home.ZONE}", TXT)))

    def type_of_host(self):
        kind = self.types.draw(self.random)
        return kind if kind in home.OWNED_TYPES else A

    def reverse_name(self):
        # Those of any generation; most are of an old one, or of one to come.
        return f"{self.random.randrange(60)}.{self.random.randrange(250)}.70.10.in-addr.arpa"

    def popular(self, _):
        return self.ranks.draw(self.random), self.types.draw(self.random)

    def unique(self, _):
        return self.new_name("u"), self.types.draw(self.random)

    def denied(self, _):
        if self.random.random() < 0.4:
            return self.new_name("nx"), A
        return f"nx{self.random.randrange(2000)}.{self.random.choice(DOMAINS)}", A

    def flapping(self, _):
        label = f"dear{self.random.randrange(FLAPPING_DEAR)}" if self.random.random() < 0.5 \
            else f"n{self.random.randrange(FLAPPING_OTHERS)}"
        return label + ".flapping.example", A

    def special(self, _):
        return self.random.choice(("localhost", "printer.test", "use-application-dns.net",
                                   "nosuch." + home.LAB, "a.b.invalid")), A

    def new_name(self, prefix):
        """One that nobody asks for again."""
        return f"{prefix}{next(self.numbers)}-{self.run}.{self.random.choice(DOMAINS)}"

    def well_formed(self, view, name, kind):
        question = Question()
        question.view, question.name, question.kind = view, name, kind
        question.kind_of_answer, question.what = "data", None
        question.is_dear = view is not None and (name in self.dear or is_dear_flapping(name)) \
            and kind in (A, AAAA, HTTPS)
        draw = self.random.random()
        question.has_edns = draw < 0.75
        question.dnssec_ok = draw < 0.25
        question.cookie = draw > 0.55 and question.has_edns
        section = pack_name(self.spelling(name)) + struct.pack(">HH", kind, 1)
        opt = b""
        if question.has_edns:
            # A cookie is put in when it is known who sends the query.
            opt = pack_opt(1232, question.dnssec_ok)
        question.message = HEADER.pack(0, RD, 1, 0, 0, question.has_edns) + section + opt
        question.question_end = 12 + len(section)
        return question

    def spelling(self, name):
        if self.random.random() > 0.1:
            return name
        return "".join(self.random.choice((letter.upper(), letter)) for letter in name)


def popular_name(rank):
    prefix = "into" if rank % 50 == 7 else "cn" if rank % 10 == 3 else "big" if rank % 100 == 5 \
        else "w"
    return f"{prefix}{rank}.{DOMAINS[rank % len(DOMAINS)]}"


def is_dear_flapping(name):
    return name.startswith("dear") and name.endswith("flapping.example")


def malformed(generator, view):
    """A message that no client should send. Servers drop what may be a response or has no header,
    and answer the rest with an error."""
    section = pack_name("www.example.net") + struct.pack(">HH", A, 1)
    header = HEADER.pack(0, RD, 1, 0, 0, 0)
    what, message, answer = generator.choice((
        ("short", bytes(generator.randrange(12)), "none"),
        ("response", HEADER.pack(0, QR | RD, 1, 0, 0, 0) + section, "none"),
        ("two questions", HEADER.pack(0, RD, 2, 0, 0, 0) + section + section, FORMERR),
        ("name cut off", header + section[:6], FORMERR),
        ("name of pointers", header + b"\xc0\x0c" + section[-4:], FORMERR),
        ("octets behind", header + section + b"abc", FORMERR),
        ("unknown opcode", HEADER.pack(0, 3 << 11, 1, 0, 0, 0) + section, NOTIMP),
        ("two OPT records", HEADER.pack(0, RD, 1, 0, 0, 2) + section + pack_opt(1232) * 2, FORMERR),
        ("EDNS version 1", HEADER.pack(0, RD, 1, 0, 0, 1) + section + pack_opt(1232, version=1),
         BADVERS),
        ("cookie of 3 octets", HEADER.pack(0, RD, 1, 0, 0, 1) + section
         + pack_opt(1232, options=pack_option(COOKIE, b"abc")), FORMERR),
        ("random octets", HEADER.pack(0, RD, 1, 0, 0, 0) + generator.randbytes(
            generator.randrange(1, 80)), "any"),
    ))
    question = Question()
    question.view, question.name, question.kind = view, None, None
    question.message, question.question_end = message, 12
    question.kind_of_answer, question.what = answer, "malformed: " + what
    question.has_edns = question.dnssec_ok = question.cookie = False
    question.is_dear = question.is_unique = False
    return question
