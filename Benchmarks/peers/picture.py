"""The picture of a run: queries a second at saturation, a panel for each workload, as SVG."""

import html

import results

# Pixels: the picture, the columns of names and bars, a row, a panel's title, and what follows it.
WIDTH, NAMES, BARS, ROW, HEAD, GAP = 860, 190, 500, 20, 34, 18
COLOURS = {"ours": "#d9480f", "peer": "#4c6e91", "limit": "#adb5bd"}
PANELS = ("wildcard", "cached", "mixed", "uncached", "tcp", "records-1m")


def kind(name):
    if name == results.OURS:
        return "ours"
    return "limit" if name.startswith(results.LIMIT) else "peer"


def text(x, y, words, anchor="start", weight="normal", size=13):
    return (f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" '
            f'font-size="{size}">{html.escape(words)}</text>')


def panel(top, title, contestants):
    """The panel's elements, and where it ends."""
    parts = [text(12, top + 20, title, weight="bold", size=15)]
    most = max(figures["qps"] for figures in contestants.values())
    y = top + HEAD
    for name, figures in results.by_speed(contestants):
        length = BARS * figures["qps"] / most
        weight = "bold" if kind(name) == "ours" else "normal"
        parts += [
            text(NAMES - 8, y + 14, name, "end", weight),
            f'<rect x="{NAMES}" y="{y + 2}" width="{length:.1f}" height="{ROW - 5}" '
            f'fill="{COLOURS[kind(name)]}"/>',
            text(round(NAMES + length + 6, 1), y + 14,
                 f"{figures['qps']:,.0f} q/s, {figures['cpu_us']:.1f} µs", weight=weight, size=12),
        ]
        y += ROW
    return parts, y + GAP


def draw(found, workloads):
    """The SVG of the medians; workloads that were not measured have no panel."""
    parts, top = [], 8
    for key in PANELS:
        if found.get(key):
            elements, top = panel(top, workloads[key].title, found[key])
            parts += elements
    parts.append(text(12, top + 10, "Queries a second at saturation, and microseconds of the "
                      "server's CPU a query; the C yardstick is the kernel's limit.", size=12))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top + 24}" '
            f'viewBox="0 0 {WIDTH} {top + 24}" font-family="sans-serif" fill="#212529">\n'
            f'<rect width="{WIDTH}" height="{top + 24}" fill="#ffffff"/>\n'
            + "\n".join(parts) + "\n</svg>\n")
