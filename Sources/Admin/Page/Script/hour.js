// The last hour: the server's steps, and the points of the drawings that are made of them.

/** A point of a drawing is half a minute: finer ones only make it restless. */
const pointSeconds = 30;
const hourSeconds = 3600;

const hour = {
    step: 5,
    /** The end of the last step, in the server's time. */
    end: null,
    /** Lists of equal length, the oldest step first. */
    queries: [],
    sources: Object.fromEntries(Object.keys(sources).map((source) => [source, []])),
    latency: { p50: [], p95: [], p99: [] },
    now: 0,

    /** Adds the steps of a reply, and lets those go that are older than an hour. */
    take(reply) {
        this.step = reply.step;
        this.end = reply.end;
        this.now = reply.now.queriesPerSecond;
        const most = hourSeconds / reply.step;
        const grow = (kept, more = []) => kept.concat(more).slice(-most);
        this.queries = grow(this.queries, reply.queries);
        for (const key of Object.keys(this.sources)) {
            this.sources[key] = grow(this.sources[key], reply.sources[key]);
        }
        for (const key of Object.keys(this.latency)) {
            this.latency[key] = grow(this.latency[key], reply.latency[key]);
        }
    },

    /** The server has begun again, and its hour with it. */
    forget() {
        this.end = null;
        this.queries = [];
        for (const key of Object.keys(this.sources)) this.sources[key] = [];
        for (const key of Object.keys(this.latency)) this.latency[key] = [];
    },

    /** How many answers came from a source. */
    total(source) {
        return sum(this.sources[source]);
    },

    /** The step with the most queries, as a rate and the time at which it began. */
    busiest() {
        const most = largest(this.queries) ?? 0;
        const first = this.end - this.queries.length * this.step;
        return { rate: most / this.step, time: first + this.queries.indexOf(most) * this.step };
    },

    /** The time within which half of the answers come, as most queries' steps have it. */
    half(from = 0, to = this.queries.length) {
        const { p50 } = this.latency;
        return weighted(this.queries.slice(from, to).map((n, index) => [p50[from + index], n]), 0.5);
    },

    /** That of 99 of 100: a percentile stands for all below it, so this is rather too long. */
    almostAll() {
        const { p50, p95, p99 } = this.latency;
        return weighted(this.queries.flatMap((n, index) =>
            [[p50[index], n * 0.5], [p95[index], n * 0.45], [p99[index], n * 0.05]]), 0.99);
    },

    /** Points `seconds` wide, on round times so that they do not change as time goes on. */
    points(seconds = pointSeconds) {
        const points = [];
        const first = this.end - this.queries.length * this.step;
        for (let index = 0; index < this.queries.length; index++) {
            const start = Math.floor((first + index * this.step) / seconds) * seconds;
            if (points.at(-1)?.start !== start) points.push({ start, from: index, to: index });
            points.at(-1).to = index + 1;
        }
        return points.map((point) => this.point(point));
    },

    point({ start, from, to }) {
        const seconds = (to - from) * this.step;
        const part = (column) => column.slice(from, to);
        const rates = {};
        for (const key of Object.keys(this.sources)) {
            rates[key] = sum(part(this.sources[key])) / seconds;
        }
        return {
            time: start,
            seconds: Math.min(seconds, pointSeconds),
            rate: sum(part(this.queries)) / seconds,
            rates,
            // Of percentiles there is no mean: the usual one, and the worst of the others.
            p50: this.half(from, to),
            p95: largest(present(part(this.latency.p95))),
            p99: largest(present(part(this.latency.p99))),
        };
    },
};

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const present = (values) => values.filter((value) => value != null);
const largest = (numbers) => (numbers.length ? Math.max(...numbers) : null);

/** The least value that a share of the weight does not exceed, of pairs of a value and its weight. */
function weighted(pairs, share) {
    const sorted = pairs.filter(([value, weight]) => value != null && weight > 0)
        .sort(([a], [b]) => a - b);
    let left = share * sum(sorted.map(([, weight]) => weight));
    return sorted.find(([, weight]) => (left -= weight) <= 1e-9)?.[0] ?? null;
}
