// What the two drawings of the last hour show.

/** Lines that make each source's area known without its colour; `overlay` is plain. */
const textures = {
    overlay: "",
    zone: "M0 4H8",
    cache: "M-2 2L2-2M0 8L8 0M6 10L10 6",
    upstream: "M2 2h1.4M6 6h1.4",
    stale: "M0 2H8M0 6H8",
    server: "M4 0V8",
    failure: "M0 0L8 8M8 0L0 8",
    refused: "M2 0V8M6 0V8",
    error: "M0 4H8M4 0V8",
};

function makePatterns() {
    byId("patterns").firstElementChild.append(...Object.entries(textures).map(([key, lines]) =>
        draw("pattern", { id: `pattern-${key}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
            draw("rect", { class: `paint ${key}`, width: 8, height: 8 }),
            draw("path", { class: "texture", d: lines }))));
}

/** The sources that there were, in their order. */
function seenSources(points) {
    return Object.keys(sources).filter((key) => points.some((point) => point.rates[key] > 0));
}

/** Areas on top of each other: together they are all queries. */
const rateChart = {
    scale(points) {
        const most = Math.max(1, largest(points.map((point) => point.rate)) ?? 0);
        const step = roundStep(most / 4);
        const top = Math.ceil(most / step) * step;
        const labels = [];
        for (let value = 0; value <= top + step / 2; value += step) {
            labels.push([value, step < 1 ? value.toFixed(1) : count(value)]);
        }
        return { labels, height: (value) => value / top };
    },

    draw(points, x, y) {
        let below = points.map(() => 0);
        return seenSources(points).map((key) => {
            const above = points.map((point, index) => below[index] + point.rates[key]);
            const upper = points.flatMap((point, index) => ends(point, y(above[index]), x));
            const lower = points.flatMap((point, index) => ends(point, y(below[index]), x));
            const d = `M${upper.join("L")}L${lower.reverse().join("L")}Z`;
            below = above;
            return draw("path", { class: `fill ${key}`, fill: `url(#pattern-${key})`, d });
        });
    },

    figures(point) {
        return [["all", "all", perSecond(point.rate)],
            ...Object.keys(sources).filter((key) => point.rates[key] > 0).reverse()
                .map((key) => [key, sources[key], perSecond(point.rates[key])])];
    },

    legend(points) {
        const all = sum(hour.queries);
        return seenSources(points).map((key) =>
            [key, `${sources[key]} ${share(hour.total(key), all)}`]);
    },

    summary() {
        const top = hour.busiest();
        if (!top.rate) return "No queries in this time.";
        return `${plural(sum(hour.queries), "query", "queries")}; the most were `
            + `${perSecond(top.rate)} a second, for ${span(hour.step)} at ${clock(top.time, minute)}.`;
    },

    columns: [
        ["a second", (point) => perSecond(point.rate)],
        ...Object.entries(sources).map(([key, label]) =>
            [label, (point) => perSecond(point.rates[key])]),
    ],
};

/** In pixels: what is narrower cannot be seen. */
const leastWidth = 2;

/** The two ends of a point, which is as wide as its time. */
function ends(point, height, x) {
    const left = x(point.time);
    const right = Math.max(left + leastWidth, x(point.time + point.seconds));
    return [`${left} ${height}`, `${right} ${height}`];
}

/** 1, 2 or 5 with as many noughts as it takes. */
function roundStep(least) {
    const power = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= least * 0.999);
}

const percentiles = { p50: "half within", p95: "95 of 100", p99: "99 of 100" };

/** Lines over a scale of decades: an answer from here takes microseconds, one from afar seconds. */
const latencyChart = {
    scale(points) {
        const all = points.flatMap((point) => present([point.p50, point.p99]));
        const decade = (value, round) => round(Math.log10(Math.max(0.001, value)));
        const low = Math.min(-1, decade(all.length ? Math.min(...all) : 0.1, Math.floor));
        const high = Math.max(2, decade(all.length ? Math.max(...all) : 100, Math.ceil));
        const labels = [];
        for (let power = low; power <= high; power++) {
            const value = 10 ** power;
            labels.push([value, value < 1000 ? `${Number(value.toPrecision(1))} ms` : `${value / 1000} s`]);
        }
        const height = (value) => (Math.log10(Math.max(10 ** low, value)) - low) / (high - low);
        return { labels, height };
    },

    draw(points, x, y) {
        return Object.keys(percentiles).map((key) => {
            let isDrawing = false;
            const d = points.map((point) => {
                const verb = isDrawing ? "L" : "M";
                isDrawing = point[key] != null;
                return isDrawing ? verb + ends(point, y(point[key]), x).join("L") : "";
            }).join("");
            return draw("path", { class: `line ${key}`, d });
        });
    },

    figures(point) {
        return Object.entries(percentiles).map(([key, label]) => [key, label, duration(point[key])])
            .reverse();
    },

    legend: () => Object.entries(percentiles),

    summary(points) {
        const answered = points.filter((point) => point.p50 != null);
        if (!answered.length) return "No answers in this time.";
        const worst = answered.reduce((found, point) => (point.p99 > found.p99 ? point : found));
        return `Half of the answers usually come within ${duration(hour.half())}; it was worst at `
            + `${clock(worst.time, minute)}, with 99 of 100 within ${duration(worst.p99)}.`;
    },

    columns: Object.entries(percentiles).map(([key, label]) =>
        [label, (point) => duration(point[key])]),
};
