"""The picture of a soak: memory, descriptors, latency, and losses over its time, as SVG."""

import html
import math

# Pixels: the picture, what is left and right of the curves, a panel, its title, what follows it.
WIDTH, LEFT, RIGHT, HEIGHT, HEAD, GAP = 860, 64, 150, 96, 26, 22
COLOURS = {"ours": "#d9480f", "second": "#4c6e91", "third": "#868e96", "bad": "#c92a2a",
           "grid": "#e9ecef", "fault": "#fff3bf"}
# Seconds of a run in which single faults are not drawn.
LONG = 900
SPAN = WIDTH - LEFT - RIGHT


class Panel:
    """Curves over time with one scale. A curve is its name, its colour, and a value or nothing for
    each sample."""

    def __init__(self, title, unit, curves, is_logarithmic=False, least_top=0):
        self.title, self.unit, self.curves = title, unit, curves
        self.is_logarithmic = is_logarithmic
        values = [value for _, _, row in curves for value in row if value is not None]
        self.top = max(values + [least_top, 1])
        positive = [value for value in values if value > 0] or [1]
        self.bottom = 10 ** math.floor(math.log10(min(positive))) if is_logarithmic else 0
        if is_logarithmic:
            self.top = 10 ** math.ceil(math.log10(max(self.top, self.bottom * 10)))

    def height_of(self, value):
        if self.is_logarithmic:
            value = math.log(max(value, self.bottom) / self.bottom)
            return value / math.log(self.top / self.bottom) * HEIGHT
        return value / self.top * HEIGHT

    def ticks(self):
        if self.is_logarithmic:
            decades = round(math.log10(self.top / self.bottom))
            return [self.bottom * 10 ** step for step in range(decades + 1)]
        return [0, self.top / 2, self.top]

    def draw(self, top, times, bands):
        parts = [text(12, top + 16, self.title, weight="bold", size=15)]
        base = top + HEAD + HEIGHT
        parts += [f'<rect x="{at(begin):.1f}" y="{base - HEIGHT}" '
                  f'width="{max(at(end) - at(begin), 0.5):.1f}" height="{HEIGHT}" '
                  f'fill="{COLOURS["fault"]}"/>' for begin, end in bands]
        for tick in self.ticks():
            y = base - self.height_of(tick)
            parts += [f'<line x1="{LEFT}" x2="{LEFT + SPAN}" y1="{y:.1f}" y2="{y:.1f}" '
                      f'stroke="{COLOURS["grid"]}"/>',
                      text(LEFT - 6, round(y + 4, 1), written(tick, self.unit), "end", size=11)]
        labels = []
        for name, colour, row in self.curves:
            points = [(at(time), base - self.height_of(value))
                      for time, value in zip(times, row) if value is not None]
            if points:
                line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
                parts.append(f'<polyline points="{line}" fill="none" stroke-width="1.3" '
                             f'stroke="{COLOURS[colour]}"/>')
                labels.append((points[-1][1] + 4, name, colour))
        parts += spread(labels, base)
        return parts, base + GAP


def at(share):
    """The place of a moment, a share of the whole time."""
    return LEFT + share * SPAN


def spread(labels, base):
    """The names of the curves at their ends, none over another."""
    parts, last = [], base - HEIGHT - 20
    for y, name, colour in sorted(labels):
        last = max(y, last + 14)
        parts.append(text(LEFT + SPAN + 8, round(last, 1), name, size=12, fill=COLOURS[colour]))
    return parts


def text(x, y, words, anchor="start", weight="normal", size=13, fill="#212529"):
    return (f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" '
            f'font-size="{size}" fill="{fill}">{html.escape(words)}</text>')


def written(value, unit):
    if unit == "µs":
        for size, name in ((1e6, "s"), (1e3, "ms")):
            if value >= size:
                return f"{value / size:g} {name}"
    return f"{value:,.0f} {unit}".rstrip()


def panels(samples):
    def row(key):
        return [sample[key] for sample in samples]

    def latency(name, index):
        return [sample["latency"][name] and sample["latency"][name][index] for sample in samples]

    return [
        Panel("Memory", "MiB", [("resident", "ours", row("rss")),
                                ("its share", "second", row("pss"))]),
        Panel("Descriptors and threads", "", [("descriptors", "ours", row("descriptors")),
                                              ("threads", "second", row("threads"))]),
        *(Panel(f"Latency, {title}", "µs",
                [("p99.9", "third", latency(name, 3)), ("p99", "second", latency(name, 2)),
                 ("p50", "ours", latency(name, 0))], is_logarithmic=True)
          for name, title in (("local", "local names"), ("cached", "cached answers"),
                              ("uncached", "names nobody asked for before"))),
        Panel("Lost without a cause, and wrong answers", "",
              [("lost and wrong", "bad",
                [sample["unexplained"] + sample["wrong"] for sample in samples])], least_top=10),
        Panel("In outages of all of a rule's upstreams", "",
              [("SERVFAIL", "second", [sample["answered"].get("SERVFAIL", 0)
                                       for sample in samples]),
               ("stale", "ours", row("stale"))], least_top=10),
    ]


def draw(run):
    end = run.samples[-1]["at"]
    times = [sample["at"] / end for sample in run.samples]
    # In a long run the bands would be narrower than the eye sees.
    bands = [(begin / end, min(until / end, 1)) for begin, until in run.outages
             if end < LONG]
    parts, top = [], 8
    for panel in panels(run.samples):
        elements, top = panel.draw(top, times, bands)
        parts += elements
    parts += [text(round(at(mark / 6), 1), top - 6, f"{end * mark / 360:.3g} min", "middle", size=11)
              for mark in range(7)]
    top += 16
    trouble = ("upstreams in trouble where it is yellow" if bands
               else f"upstreams in trouble {len(run.outages)} times")
    parts.append(text(LEFT, top, f"A reload each {run.reload_every:g} s; {trouble}.", size=12))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top + 16}" '
            f'viewBox="0 0 {WIDTH} {top + 16}" font-family="sans-serif" fill="#212529">\n'
            f'<rect width="{WIDTH}" height="{top + 16}" fill="#ffffff"/>\n'
            + "\n".join(parts) + "\n</svg>\n")
