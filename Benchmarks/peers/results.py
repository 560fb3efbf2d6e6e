"""Medians of the rounds, and the tables that show them."""

import statistics

OURS = "horizond"
# Peers are servers that people run; the yardstick is none.
LIMIT = "C yardstick"
# Microseconds by which queries may leave late before it is said that the machine was busy.
LATENESS = 1000


def medians(rounds):
    """The median of each figure over a contestant's rounds."""
    return {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}


def all_medians(measured):
    return {workload: {name: medians(rounds) for name, rounds in contestants.items()}
            for workload, contestants in measured.items()}


def by_speed(contestants):
    return sorted(contestants.items(), key=lambda pair: -pair[1]["qps"])


def times(*keys):
    return lambda figures: " / ".join(f"{figures[key]:.0f}" for key in keys)


def percentiles(rate):
    return times(f"p50_at_{rate}", f"p99_at_{rate}", f"p999_at_{rate}")


def figure(key, form):
    return lambda figures: form.format(figures[key])


# Title, the figure that it needs, and how it is written.
COLUMNS = [
    ("q/s", "qps", figure("qps", "{:,.0f}")),
    ("lost", "lost", figure("lost", "{:.0f}")),
    ("CPU µs/q", "cpu_us", figure("cpu_us", "{:.2f}")),
    ("core busy", "busy", lambda figures: f"{figures['busy'] * 100:.0f} %"),
    ("µs at 2,000 q/s: p50 / p99 / p99.9", "p50_at_2000", percentiles(2000)),
    ("µs at 20,000 q/s: p50 / p99 / p99.9", "p50_at_20000", percentiles(20000)),
    ("lost at 20,000 q/s", "lost_at_20000", figure("lost_at_20000", "{:.0f}")),
    ("start s", "start_s", figure("start_s", "{:.2f}")),
    ("reload s", "reload_s", figure("reload_s", "{:.2f}")),
    ("longest gap ms", "gap_ms", figure("gap_ms", "{:.1f}")),
    ("p99 µs before / in reload", "p99_before", times("p99_before", "p99_during")),
    ("lost in reload", "lost_in_reload", figure("lost_in_reload", "{:.0f}")),
    ("MiB", "resident_mib", figure("resident_mib", "{:.0f}")),
    ("peak MiB", "peak_mib", figure("peak_mib", "{:.0f}")),
]


def table(contestants, has_records):
    """A table in Markdown, fastest first; figures that nobody has are left out."""
    columns = [column for column in COLUMNS
               if any(column[1] in figures for figures in contestants.values())
               and (column[1] != "start_s" or has_records)]
    ours = contestants.get(OURS)
    head = ["", *[title for title, _, _ in columns]] + (["horizond has"] if ours else [])
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for name, figures in by_speed(contestants):
        row = [f"**{name}**" if name == OURS else name]
        row += [write(figures) if key in figures else "–" for _, key, write in columns]
        if ours:
            row.append(f"{ours['qps'] / figures['qps']:.2f} ×")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def scaling(found):
    """What two workers are worth, from the CPU time of a query: the load shares the cores with
    them, so their queries a second would say more about the load."""
    one = found.get("workers-1", {}).get(OURS)
    two = found.get("workers-2", {}).get(OURS)
    if not one or not two:
        return ""
    return (f"Two workers: {one['cpu_us']:.2f} µs of CPU a query with one worker, "
            f"{two['cpu_us']:.2f} with two, so two cores of their own would answer "
            f"{2 * one['cpu_us'] / two['cpu_us']:.2f} times as much as one.\n")


def disturbance(found):
    """What tells that something else used the load's core, or nothing."""
    delays = [value for contestants in found.values() for figures in contestants.values()
              for key, value in figures.items() if key.startswith("delay")]
    late = sum(delay > LATENESS for delay in delays)
    if late <= len(delays) / 10:
        return ""
    return (f"**Disturbed:** in {late} of {len(delays)} measurements at a fixed rate the load "
            f"itself was late by more than {LATENESS / 1000:g} ms, so the machine did other work "
            "beside. Microseconds of CPU may be compared, latencies and q/s not.\n")


def markdown(found, workloads, conditions, failures):
    parts = [conditions + "\n", disturbance(found)]
    for key, contestants in found.items():
        parts.append(f"### {workloads[key].title}\n")
        parts.append(table(contestants, workloads[key].record_count > 0) + "\n")
    parts.append(scaling(found))
    if failures:
        parts.append("### Not measured\n")
        parts += [f"- {workload}, {name}: {text.splitlines()[0]}"
                  for (workload, name), text in failures.items()]
    return "\n".join(part for part in parts if part).rstrip() + "\n"
