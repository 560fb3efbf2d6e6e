// A drawing of the last hour: its axes, and a line in time that a pointer or the keys move, with the
// figures of that time.

const margin = { top: 10, right: 8, bottom: 24, left: 66 };
const chartHeight = 230;
/** Below this, labels of the axes would touch. */
const labelWidth = 62;
/** On narrower points an outline would leave nothing to see, in pixels. */
const outlinedWidth = 4;

/**
 * `kind` says what is drawn:
 *   scale(points)          {labels: [[value, text]], height(value) from 0 to 1}
 *   draw(points, x, y)     elements
 *   figures(point)         [[key of the pattern, label, text]]
 *   summary(points)        a sentence
 *   legend(points)         [[key, label]]
 *   columns                the table's [heading, value(point) as text]
 */
class Chart {
    constructor(figure, kind) {
        this.kind = kind;
        this.points = [];
        /** The time that is looked at; null while none is. */
        this.time = null;
        this.svg = draw("svg", { "aria-hidden": "true" });
        this.tip = make("div", { class: "tip", "aria-hidden": "true", hidden: "" });
        this.area = make("div", {
            class: "plot", tabindex: "0", role: "slider", "aria-orientation": "horizontal",
            "aria-label": `${figure.querySelector("figcaption").textContent}: look at a time`,
            "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0,
        }, this.svg, this.tip);
        this.legend = make("ul", { class: "legend plain", "aria-hidden": "true" });
        this.text = make("p", { class: "lead" });
        this.table = make("div", { class: "scroll", tabindex: "0", role: "region",
            "aria-label": "Table of the last hour" });
        this.details = make("details", { toggle: () => this.writeTable() },
            make("summary", {}, "As a table"), this.table);
        figure.append(this.legend, this.area, this.text, this.details);
        this.watch();
    }

    watch() {
        new ResizeObserver(() => this.redraw()).observe(this.area);
        this.area.addEventListener("pointermove", (event) => this.point(event));
        this.area.addEventListener("pointerdown", (event) => this.point(event));
        this.area.addEventListener("pointerleave", () => this.look(null));
        this.area.addEventListener("blur", () => this.look(null));
        this.area.addEventListener("keydown", (event) => this.press(event));
    }

    show(points, end) {
        this.points = points;
        this.end = end;
        const summary = points.length ? this.kind.summary(points) : "Nothing yet: the first figures "
            + "come some seconds after the start.";
        if (this.text.textContent !== summary) this.text.textContent = summary;
        this.legend.replaceChildren(...this.kind.legend(points).map(([key, label]) =>
            make("li", {}, swatch(key), label)));
        this.area.setAttribute("aria-valuemax", Math.max(0, points.length - 1));
        this.redraw();
        this.writeTable();
    }

    redraw() {
        this.width = this.area.clientWidth;
        if (!this.width || this.end == null) return;
        const scale = this.kind.scale(this.points);
        const inner = chartHeight - margin.top - margin.bottom;
        this.x = (time) => margin.left
            + (1 - (this.end - time) / hourSeconds) * (this.width - margin.left - margin.right);
        const y = (value) => margin.top + inner * (1 - scale.height(value));
        this.mark = draw("line", { class: "mark", y1: margin.top, y2: margin.top + inner });
        this.svg.classList.toggle("narrow", this.x(pointSeconds) - this.x(0) < outlinedWidth);
        this.svg.setAttribute("viewBox", `0 0 ${this.width} ${chartHeight}`);
        this.svg.replaceChildren(...this.rows(scale.labels, y), ...this.times(),
            ...this.kind.draw(this.points, this.x, y), this.mark);
        this.look(this.time);
    }

    rows(labels, y) {
        return labels.map(([value, text]) => draw("g", {},
            draw("line", { class: "grid", x1: margin.left, x2: this.width - margin.right,
                y1: y(value), y2: y(value) }),
            draw("text", { x: margin.left - 8, y: y(value) + 4, "text-anchor": "end" }, text)));
    }

    /** The full tens of minutes, or as many as there is room for. */
    times() {
        const room = (this.width - margin.left - margin.right) / labelWidth;
        const every = [600, 900, 1200, 1800].find((step) => hourSeconds / step <= room) ?? 3600;
        const labels = [];
        for (let time = Math.ceil((this.end - hourSeconds) / every) * every; time <= this.end;
            time += every) {
            const x = this.x(time);
            if (x < margin.left + 14 || x > this.width - 18) continue;
            labels.push(draw("text", { x, y: chartHeight - 6, "text-anchor": "middle" },
                clock(time, minute)));
        }
        return labels;
    }

    point(event) {
        const left = event.clientX - this.area.getBoundingClientRect().left;
        const part = (left - margin.left) / (this.width - margin.left - margin.right);
        this.look(this.end - hourSeconds * (1 - part) - pointSeconds / 2);
    }

    press(event) {
        const last = this.points.length - 1;
        const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: -10,
            PageDown: 10, Home: -last, End: last };
        if (event.key === "Escape") return this.look(null);
        if (!(event.key in steps) || last < 0) return;
        event.preventDefault();
        // The first key shows the present; keys that lead on, lead on from there.
        const index = this.time == null ? last : this.nearest(this.time) + steps[event.key];
        this.look(this.points[Math.min(last, Math.max(0, index))].time);
    }

    nearest(time) {
        const index = Math.round((time - this.points[0].time) / pointSeconds);
        return Math.min(this.points.length - 1, Math.max(0, index));
    }

    /** Shows the figures of a time. */
    look(time) {
        this.time = time;
        const isShown = time != null && this.points.length > 0;
        this.tip.hidden = !isShown;
        this.mark?.classList.toggle("on", isShown);
        if (!isShown) return;
        const index = this.nearest(time);
        const point = this.points[index];
        const figures = this.kind.figures(point);
        const x = this.x(point.time + pointSeconds / 2);
        this.mark.setAttribute("x1", x);
        this.mark.setAttribute("x2", x);
        this.tip.replaceChildren(make("b", {}, clock(point.time)),
            ...figures.map(([key, label, text]) => make("span", {}, swatch(key), label,
                make("i", {}, text))));
        const room = this.width - this.tip.offsetWidth;
        const left = x + 12 > room ? x - 12 - this.tip.offsetWidth : x + 12;
        this.tip.style.left = `${Math.max(0, Math.min(left, room))}px`;
        this.area.setAttribute("aria-valuenow", index);
        this.area.setAttribute("aria-valuetext", `${clock(point.time)}: `
            + figures.map(([, label, text]) => `${label} ${text}`).join(", "));
    }

    /** A row for five minutes. */
    writeTable() {
        if (!this.details.open) return;
        const head = [["From", (point) => clock(point.time, minute)], ...this.kind.columns];
        this.table.replaceChildren(make("table", {},
            make("thead", {}, make("tr", {}, head.map(([title]) =>
                make("th", { scope: "col" }, title)))),
            make("tbody", {}, hour.points(300).reverse().map((point) => make("tr", {},
                head.map(([, value], index) => index === 0
                    ? make("th", { scope: "row" }, value(point))
                    : make("td", {}, value(point))))))));
    }
}

/** A square with the pattern of a key, for legends. */
function swatch(key) {
    return draw("svg", { class: "swatch", viewBox: "0 0 14 14", "aria-hidden": "true" },
        ["p50", "p95", "p99"].includes(key)
            ? draw("path", { class: `line ${key}`, d: "M0 7H14" })
            : draw("rect", { class: `fill ${key}`, width: 14, height: 14, rx: 3,
                fill: `url(#pattern-${key})` }));
}
