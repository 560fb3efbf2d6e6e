// The drawing of an explanation: from the device by its view to the zone line or forward rule that
// decides, then to where the answer is from, and to the answer. It is a list of lists, and lines
// between its boxes, drawn where these come to lie.

const typeWords = { A: "IPv4 address", AAAA: "IPv6 address", HTTPS: "how browsers connect",
    SVCB: "how clients connect", MX: "mail", TXT: "text", CAA: "certificates", CNAME: "alias",
    NS: "name servers", PTR: "name of the address", SOA: "start of the zone", SRV: "services" };

const path = {
    /** Pairs of boxes. */
    wires: [],

    show(explanation) {
        this.wires = [];
        const device = box("device", "Asked by", code(explanation.client));
        const view = this.after(device, viewBox(explanation.view));
        const groups = sameReasons(explanation.answers).map((answers) => this.group(view, answers));
        this.lines = draw("g");
        const drawing = draw("svg", { class: "wires", "aria-hidden": "true" }, arrow(), this.lines);
        byId("path").replaceChildren(drawing, make("div", { class: "trunk" }, device, view),
            make("ol", { class: "plain groups", "aria-label": "Answers" }, groups));
        this.drawWires();
    },

    after(from, to) {
        this.wires.push([from, to]);
        return to;
    },

    /** Types with the same reasons, and below each its answer. */
    group(view, answers) {
        const steps = answers[0].steps.map((step, index) => stepBox(step, index));
        steps.forEach((step, index) => this.after(index ? steps[index - 1] : view, step));
        const last = steps.at(-1) ?? view;
        return make("li", { class: "group" }, make("div", { class: "steps" }, steps),
            make("ol", { class: "plain ends" }, answers.map((answer) => this.end(last, answer))));
    },

    end(last, answer) {
        const origin = originBox(answer);
        const from = origin ? this.after(last, origin) : last;
        return make("li", { class: "end" }, make("div", { class: "origin" }, origin),
            this.after(from, answerBox(answer)));
    },

    drawWires() {
        if (!this.lines) return;
        const frame = byId("path").getBoundingClientRect();
        this.lines.replaceChildren(...this.wires.map(([from, to]) => {
            const [a, b] = [from, to].map((element) => element.getBoundingClientRect());
            const d = b.left > a.right ? across(a, b, frame) : down(a, b, frame);
            return draw("path", { d, "marker-end": "url(#arrow)",
                class: to.classList.contains("closed") ? "closed" : "" });
        }));
    },
};

function arrow() {
    return draw("defs", {}, draw("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4,
        markerWidth: 5.5, markerHeight: 5.5, orient: "auto" }, draw("path", { d: "M0 0L8 4L0 8Z" })));
}

/** Beside each other: a curve from the middle of one side to that of the other. */
function across(a, b, frame) {
    const [x1, x2] = [a.right - frame.left, b.left - frame.left];
    const [y1, y2] = [a, b].map((rect) => rect.top + rect.height / 2 - frame.top);
    const middle = (x1 + x2) / 2;
    return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

/** Below each other: straight down, and around a corner where it is set in. */
function down(a, b, frame) {
    const x = Math.min(a.left + 14, b.left + 14) - frame.left;
    const bottom = a.bottom - frame.top;
    if (b.left - frame.left <= x) return `M${x} ${bottom}V${b.top - frame.top}`;
    return `M${x} ${bottom}V${b.top + b.height / 2 - frame.top}H${b.left - frame.left}`;
}

/** Neighbours whose reasons are equal, as lists. */
function sameReasons(answers) {
    const groups = [];
    for (const answer of answers) {
        const group = groups.at(-1);
        const isSame = group && JSON.stringify(group[0].steps) === JSON.stringify(answer.steps);
        if (isSame) group.push(answer);
        else groups.push([answer]);
    }
    return groups;
}

function box(kind, title, ...children) {
    return make("div", { class: `box ${kind}` }, make("span", { class: "title" }, title),
        ...children);
}

/** A file and its line: a line may end before the number, and not in it. */
function place(text) {
    if (!text) return null;
    const [, file, line] = nearby(text).match(/^(.*?)(:[\d:]+)?$/s);
    return make("code", { class: "place" }, file,
        line ? [make("wbr"), make("span", {}, line)] : []);
}

function viewBox(view) {
    if (!view) return box("view closed", "View", make("b", {}, "none"), make("small", {},
        "No view has this address, so every query is refused."));
    return box("view", "View", make("b", {}, view.name), make("small", {}, "since it is in ",
        code(view.prefix), view.interface ? ` (${view.interface})` : null), place(view.place));
}

/** Who decides about a name of the way. */
function stepBox(step, index) {
    const titles = { zone: "Answered here", forward: "Asked upstream", refused: "Refused" };
    const title = titles[step.kind] ?? step.kind;
    const reason = step.place ? step.reason.replaceAll(` (${step.place})`, "") : step.reason;
    return box(`${step.kind} ${step.kind === "refused" ? "closed" : ""}`,
        index ? [title, ", for ", code(step.name)] : title,
        make("b", {}, nearby(reason)), place(step.place),
        step.upstreams.map(upstreamLine));
}

/** `1.1.1.1:53 (well)`: the state stands behind the address where the server knows it. */
function upstreamLine(upstream) {
    const [, address, state] = upstream.match(/^(.*) \((\w+)\)$/) ?? [null, upstream, null];
    return make("small", {}, code(address), state ? ` ${stateWords(state)}` : null);
}

/** Where an answer is from, if it is not from the zone that was named before it. */
function originBox(answer) {
    const took = answer.milliseconds < 1 ? null : make("small", {}, duration(answer.milliseconds));
    switch (answer.source) {
        case "overlay":
        case "zone": return null;
        case "upstream":
            return box("origin", "Answer of", code(answer.upstream ?? "an upstream"), took);
        case "cache": return box("origin", "Answer of", make("b", {}, "the cache"));
        case "stale": return box("origin", "Answer of", make("b", {}, "the cache, past its time"),
            make("small", {}, "no upstream answers"));
        case "failure": return box("origin closed", "Answer of", make("b", {}, "nobody"), took);
        case "refused": return null;
        default: return box("origin", "Answer of", make("b", {}, sources[answer.source] ?? answer.source));
    }
}

function answerBox(answer) {
    const { type, response } = answer;
    const data = response.records.filter((record) => record.type === type);
    return box(`answer ${data.length ? "" : "nothing"} ${isClosed(response) ? "closed" : ""}`,
        [make("b", {}, type), ` ${typeWords[type] ?? ""}`],
        response.records.map((record) => recordLine(record, type)),
        data.length ? null : make("span", { class: "none" }, nothingText(response)),
        answer.removed.map((record) => removedLine(record, answer)),
        response.extendedError
            ? make("small", {}, `The device is told: ${response.extendedError}`) : null);
}

const isClosed = (response) => !["NOERROR", "NXDOMAIN"].includes(response.rcode);

function recordLine(record, type) {
    const kept = make("small", {}, ` for ${span(record.ttl)}`);
    return record.type === type ? make("span", {}, code(record.data), kept)
        : make("span", {}, "alias of ", code(withoutDot(record.data)), kept);
}

function removedLine(record, answer) {
    const policy = answer.steps.findLast((step) => step.httpsRecords)?.httpsRecords;
    const by = ["HTTPS", "SVCB"].includes(record.type) ? `https-records: ${policy ?? ""}`
        : "rebind-protection";
    return make("span", { class: "removed" }, make("small", {}, `Taken or changed by ${by}:`),
        make("del", {}, code(record.data)));
}

/** What stands in the place of records. */
function nothingText(response) {
    const kept = response.negativeTTL ? `, for ${span(response.negativeTTL)}` : "";
    switch (response.rcode) {
        case "NOERROR": return `Nothing of this type${kept}`;
        case "NXDOMAIN": return `There is no such name${kept}`;
        case "REFUSED": return "Refused";
        default: return `No answer (${response.rcode})`;
    }
}

function startPath() {
    new ResizeObserver(() => path.drawWires()).observe(byId("path"));
}
