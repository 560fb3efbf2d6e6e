"""What a soak showed: judged, and as a page of Markdown."""

import collections
import json
import os
import platform
import statistics
import time

import home
import processes
from tally import CATEGORIES, DROPPED, EVICTED, FULL, SERVER_FULL, percentiles

# By how much medians may differ between the first and the last third of the time behind the first
# quarter: the cache fills, sockets come and go, malloc has its ups and downs. What leaks with a
# query is more.
MEMORY_BOUND, DESCRIPTOR_BOUND, THREAD_BOUND = 8.0, 32, 4
# And between the rest before the queries and the rest behind them.
REST_DESCRIPTORS = 8
# Of the names that are often asked for, so few may have left the cache when they were needed.
EVICTED_SHARE, EVICTED_LEAST = 0.02, 10
TITLES = {"tcp": "local, over TCP, with the work of the clients"}
BEGIN, END = "<!-- written by make soak SOAK=--publish -->", "<!-- end of the soak -->"


def judge(run):
    """Everything that is wrong, in words. Nothing is the aim."""
    faults = list(run.faults)
    faults += losses(run)
    faults += growth(run)
    faults += counters(run)
    if run.server_status != 0:
        faults.append(f"the server ended with status {run.server_status}")
    if not os.path.exists(run.home.cache):
        faults.append("the server left no file of its cache")
    faults += query_log(run.home)
    evicted = run.totals.explained[EVICTED]
    if evicted > max(EVICTED_LEAST, EVICTED_SHARE * run.totals.stale):
        faults.append(f"{evicted:,} answers of names that are often asked for were not kept for "
                      f"outages, and {run.totals.stale:,} were")
    return faults


def losses(run):
    """What was lost. As many datagrams as the kernel dropped, since the server had not come to read
    them, are lost for a cause."""
    lost = run.totals.unexplained + run.bursts["lost"]
    if lost <= run.kernel_drops:
        if lost:
            run.totals.explained[SERVER_FULL] = lost
        return []
    return [f"lost: {text}" for text in run.losses]


def thirds(run):
    """The median of each figure in the first and in the last third behind the first quarter, and
    the most that it was in all that time."""
    rows = [row for row in run.samples if row["at"] > run.arguments.seconds / 4]
    third = max(1, len(rows) // 3)
    keys = ("rss", "pss", "descriptors", "threads")
    return (*({key: statistics.median(row[key] for row in part) for key in keys}
              for part in (rows[:third], rows[-third:])),
            {key: max(row[key] for row in rows) for key in keys})


def growth(run):
    first, last, _ = thirds(run)
    for key, bound, what in (("rss", MEMORY_BOUND, "MiB of memory"),
                             ("descriptors", DESCRIPTOR_BOUND, "descriptors"),
                             ("threads", THREAD_BOUND, "threads")):
        if last[key] > first[key] + bound:
            yield f"{first[key]:g} {what} have become {last[key]:g}"
    before, after = run.quiet_before["descriptors"], run.quiet_after["descriptors"]
    if after > before + REST_DESCRIPTORS:
        yield f"at rest {before} descriptors have become {after}"


def counters(run):
    """Where the server's own counters and the clients' do not say the same."""
    for what, ours, theirs in compared(run):
        if not agree(run, ours, theirs):
            yield f"{what}: the clients count {ours:,}, the server {theirs:,.0f}"


def agree(run, ours, theirs):
    """What the kernel dropped on the way is counted on one side alone."""
    return abs(ours - theirs) <= run.kernel_drops + run.totals.explained[FULL]


def compared(run):
    """What is counted, by the clients and by the server."""
    before, after = run.before, run.after
    totals, bursts = run.totals, run.bursts

    def grown(name, **labels):
        return after.total(name, **labels) - before.total(name, **labels)
    answered = totals.answered + collections.Counter(NOERROR=bursts["answered"])
    yield "answers", answered.total(), grown("responses_total")
    for rcode in sorted(answered.keys() | after.by("responses_total", "rcode").keys()):
        yield f"answers {rcode}", answered[rcode], grown("responses_total", rcode=rcode)
    yield "messages dropped", totals.explained[DROPPED], grown("queries_dropped_total")
    yield "responses dropped", 0, grown("responses_dropped_total")
    kinds = ("single", "pipelined", "idle", "slow")
    yield "TCP connections", sum(totals.connections[kind] for kind in kinds), \
        grown("tcp_connections_accepted_total")
    yield "TCP connections that rested too long", \
        totals.connections["idle"] + totals.connections["slow"], \
        grown("tcp_connections_ended_total")


def query_log(of):
    """The files of the query log: whole lines of JSON, and no more than they may be."""
    size = 0
    for suffix in ("", *(f".{index}" for index in range(1, 10))):
        path = of.log + suffix
        if not os.path.exists(path):
            continue
        size += os.path.getsize(path)
        with open(path) as file:
            for number, line in enumerate(file, 1):
                try:
                    json.loads(line)
                except ValueError:
                    yield f"{os.path.basename(path)}:{number} is no line of JSON"
    if not 0 < size <= (home.LOG_KEPT + 1) * home.LOG_MIB << 20:
        yield f"the files of the query log have {size} octets"


def conditions(run):
    model = next((line.split(":")[1].strip() for line in
                  processes.read("/proc/cpuinfo").splitlines() if line.startswith("model name")),
                 platform.machine())
    return (f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores of {model}, Linux "
            f"{platform.release()}; {run.arguments.seconds / 60:.3g} minutes with "
            f"{run.totals.sent['UDP'] / run.arguments.seconds:,.0f} UDP queries a second "
            f"({run.arguments.rate:,.0f} as far as the machine lets), TCP beside, and bursts.")


def markdown(run, faults):
    totals, bursts = run.totals, run.bursts
    sent = sum(totals.sent.values()) + bursts["sent"]
    first, last, most = thirds(run)
    cpu = run.samples[-1]["cpu"] - run.quiet_before["cpu"]
    rows = [
        ("queries sent", f"{sent:,} ({totals.sent['UDP']:,} UDP, {totals.sent['TCP']:,} TCP, "
                         f"{bursts['sent']:,} in bursts)"),
        ("answered", f"{sum(totals.answered.values()) + bursts['answered']:,}: "
         + ", ".join(f"{rcode} {count + (bursts['answered'] if rcode == 'NOERROR' else 0):,}"
                     for rcode, count in totals.answered.most_common())),
        ("wrong answers", f"{totals.wrong + bursts['wrong']:,}"),
        ("late, over 4.5 s", f"{totals.late:,}"),
        ("**lost without a cause**", f"**{lost_without_cause(run):,}**"),
        *((f"with a cause: {cause}", f"{count:,}")
          for cause, count in totals.explained.most_common()),
        ("stale answers, in outages", f"{totals.stale:,}"),
        ("TCP connections", ", ".join(
            f"{kind} {totals.connections[kind]:,}" for kind in ("single", "pipelined", "idle",
                                                                "slow"))),
        ("reloads", f"{run.reloads['taken']} taken, {run.reloads['refused']} with a mistake and "
                    "rightly refused"),
        ("upstream faults", f"{run.fault_count}, and one upstream that always comes and goes"),
        ("memory, MiB", f"{first['rss']:.1f}, later {last['rss']:.1f} (resident); "
                        f"{first['pss']:.1f}, later {last['pss']:.1f} (its share); "
                        f"at most {most['rss']:.1f}"),
        ("descriptors", f"{first['descriptors']:g}, later {last['descriptors']:g}; at most "
         f"{most['descriptors']}; at rest {run.quiet_before['descriptors']} before and "
         f"{run.quiet_after['descriptors']} behind"),
        ("threads", f"{first['threads']:g}, later {last['threads']:g}; at most "
                    f"{most['threads']}"),
        ("longest that a thread had to wait for a processor, in a second",
         f"{run.stalls.worst:.2f} s; the traffic itself was late by {totals.behind:.2f} s"),
        ("CPU", f"{cpu:.0f} s, {cpu / sent * 1e6:.0f} µs a query"),
        ("counters that agree with the server's", f"{agreeing(run)}"),
    ]
    parts = [conditions(run), "", "| | |", "|---|---|", *(f"| {name} | {value} |"
                                                          for name, value in rows),
             "", *latency_table(run), "", *over_time(run)]
    if faults:
        parts += ["", "### Wrong", "", *(f"- {fault}" for fault in faults[:100])]
    return "\n".join(parts) + "\n"


def lost_without_cause(run):
    lost = run.totals.unexplained + run.bursts["lost"]
    return lost if lost > run.kernel_drops else 0


def agreeing(run):
    pairs = list(compared(run))
    good = sum(agree(run, ours, theirs) for _, ours, theirs in pairs)
    return f"{good} of {len(pairs)}"


def latency_table(run):
    yield "| latency in µs | p50 | p95 | p99 | p99.9 |"
    yield "|---|---:|---:|---:|---:|"
    for name in CATEGORIES:
        values = percentiles(run.totals.latencies[name])
        if values:
            yield f"| {TITLES.get(name, name)} | " + " | ".join(f"{value:,}" for value in values) + " |"


def over_time(run):
    """Ten rows over the whole time."""
    yield ("| from minute | queries | SERVFAIL | stale | lost | MiB | descriptors | "
           "local p50 / p99 | cached p50 / p99 | uncached p50 / p99 |")
    yield "|---:|" + "---:|" * 9
    step = max(1, -(-len(run.samples) // 10))
    for start in range(0, len(run.samples), step):
        rows = run.samples[start:start + step]
        cells = [f"{(run.samples[start - 1]['at'] if start else 0) / 60:.1f}",
                 f"{sum(row['sent'] for row in rows):,}",
                 f"{sum(row['answered'].get('SERVFAIL', 0) for row in rows):,}",
                 f"{sum(row['stale'] for row in rows):,}",
                 str(sum(row["unexplained"] for row in rows)),
                 f"{max(row['rss'] for row in rows):.1f}",
                 str(max(row["descriptors"] for row in rows))]
        for name in ("local", "cached", "uncached"):
            seen = sorted(row["latency"][name] for row in rows if row["latency"][name])
            middle = seen[len(seen) // 2] if seen else None
            cells.append(f"{middle[0]:,} / {middle[2]:,}" if middle else "–")
        yield "| " + " | ".join(cells) + " |"


def publish(directory, text, picture):
    path = os.path.join(directory, "README.md")
    with open(path) as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    after = rest.split(END, 1)[1]
    with open(path, "w") as file:
        file.write(f"{before}{BEGIN}\n![Memory, descriptors, latency and losses over time]"
                   f"(soak.svg)\n\n{text}{END}{after}")
    with open(os.path.join(directory, "soak.svg"), "w") as file:
        file.write(picture)
