// Whether it is up, the figures at the top, the upstream servers, and the facts at the foot.

/** Shapes as well as colours: a tick, a warning, a cross, a ring. */
const marks = {
    good: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm-1.4 14.2-4-4 1.5-1.5 2.5 2.5 5.3-5.3 1.5 1.5z",
    warn: "M12 2.5 23 21.5H1zM11 9v6h2V9zm0 7.5v2h2v-2z",
    bad: "M7.8 2h8.4L22 7.8v8.4L16.2 22H7.8L2 16.2V7.8zm.3 4.7L10.6 12l-2.5 2.6 1.4 1.4 2.5-2.6 "
        + "2.5 2.6 1.4-1.4-2.5-2.6 2.5-2.6-1.4-1.4-2.5 2.6-2.5-2.6z",
    unknown: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2.4a7.6 7.6 0 1 1 0 15.2 7.6 7.6 0 0 1 0-15.2z",
};

/** What is wrong, as [state, headline, details]; the first decides, and of the others the details show. */
function troubles(status) {
    const found = [];
    if (!status.ready) found.push(["bad", "It is up, but not ready", withoutViews(status.problems)]);
    const failing = status.upstreams.filter((upstream) => upstream.state !== "well");
    if (failing.length) found.push(upstreamTrouble(failing, status));
    if (status.lastReloadOK === false) {
        found.push(["warn", "It is up, with the configuration from before the last change",
            [status.lastReload ?? "The last reload failed."]]);
    }
    if (lists.leaks.length) {
        found.push(["warn", "It is up, and lets public records through",
            [`Public records of ${plural(lists.leaks.length, "name")} of yours get through: see Leaked.`]]);
    }
    return found;
}

/** Each problem once, though every view may have it. */
function withoutViews(problems) {
    return [...new Set(problems.map((problem) => problem.replace(/^view \S+, (?=forward )/, "")))];
}

/** Servers that the problems name are not named again. */
function upstreamTrouble(failing, { upstreams, problems }) {
    const isNamed = ({ address }) => problems.some((problem) => problem.includes(` ${address} is `));
    const details = failing.filter((upstream) => !isNamed(upstream)).map((upstream) =>
        `${upstream.address}: ${upstream.failure ?? stateWords(upstream.state)}`);
    return failing.length === upstreams.length
        ? ["bad", "It is up, but no upstream server answers", details]
        : ["warn", `It is up, but ${failing.length} of ${upstreams.length} upstream servers `
            + (failing.length === 1 ? "fails" : "fail"), details];
}

function showState(status) {
    const found = troubles(status);
    const [state, headline] = found[0] ?? ["good", "It is up and answers"];
    showHeadline(state, headline);
    const texts = found.flatMap(([, , details]) => details);
    const kept = [...byId("problems").children].map((item) => item.textContent);
    if (kept.join("\n") === texts.map(shown).join("\n")) return;
    byId("problems").replaceChildren(...texts.map(problemItem));
}

/** Longer texts are cut to two lines, until someone opens them. */
const longText = 160;

function problemItem(text) {
    return make("li", {}, text.length <= longText ? text
        : make("details", {}, make("summary", {}, make("span", {}, text))));
}

function showHeadline(state, text) {
    byId("state-box").dataset.state = state;
    byId("state-mark").setAttribute("d", marks[state]);
    write("state", text);
}

/** What the tiles above the search box say of the last hour. */
function showFigures() {
    const all = sum(hour.queries);
    const here = ["overlay", "zone", "cache", "stale", "server"].map((key) => [key, hour.total(key)]);
    const local = sum(here.map(([, answers]) => answers));
    const parts = here.filter(([, answers]) => answers > 0)
        .map(([key, answers]) => `${sources[key]} ${share(answers, all)}`);
    write("rate", perSecond(hour.now));
    write("rate-note", `${count(all)} in the last hour`);
    write("local", all ? share(local, all) : "–");
    write("local-note", [...parts, "in the last hour"].join(", "));
    write("latency", duration(hour.half()));
    write("latency-note", `99 of 100 within ${duration(hour.almostAll())} in the last hour`);
}

function stateWords(state) {
    const words = { well: "answers", failing: "failed the last time", DOWN: "does not answer",
        LOOP: "sends questions back here" };
    return words[state] ?? state;
}

function showUpstreams(upstreams) {
    const place = byId("upstream-list");
    if (!upstreams.length) {
        return place.replaceChildren(empty("No upstream server has been asked so far, "
            + "or none is configured."));
    }
    const titles = ["Server", "How it is", "Time", "Asked", "Answered", "Failed"];
    place.replaceChildren(make("div", { class: "rows upstreams", role: "table",
        "aria-labelledby": "upstreams-title" },
        make("div", { role: "rowgroup" }, make("div", { role: "row", class: "head" },
            titles.map((title) => make("span", { role: "columnheader" }, title)))),
        make("div", { role: "rowgroup" }, upstreams.map(upstreamRow))));
}

function upstreamRow(upstream) {
    const isNew = upstream.state === "well" && !upstream.sent && !upstream.answered;
    const state = isNew ? "unknown" : { well: "good", failing: "warn" }[upstream.state] ?? "bad";
    const cell = (label, ...children) =>
        make("span", { role: "cell", "data-label": label }, ...children);
    return make("div", { role: "row" },
        cell("", code(upstream.address)),
        cell("", make("span", { class: `tag ${state}` }, mark(state),
            isNew ? "not asked yet" : stateWords(upstream.state)),
            upstream.failure ? make("small", {}, upstream.failure) : null),
        cell("time", duration(upstream.milliseconds)), cell("asked", count(upstream.sent)),
        cell("answered", count(upstream.answered)), cell("failed", count(upstream.failed)));
}

function mark(state) {
    return draw("svg", { class: "mark", viewBox: "0 0 24 24", "aria-hidden": "true" },
        draw("path", { d: marks[state] }));
}

function showFacts(status) {
    const reload = status.lastReloadAt
        ? `${status.lastReloadOK ? "taken" : "refused"} ${clock(status.lastReloadAt, day)}`
        : "none since the start";
    const facts = [
        ["Version", status.version],
        ["Up since", clock(status.startedAt, day)],
        ["Serves", status.serves],
        ["Views", status.views.join(", ")],
        ["Last reload", reload],
        ["Configuration", `${status.files[0] ?? "none"}`
            + (status.files.length > 1 ? ` and ${plural(status.files.length - 1, "file")} more` : "")],
        ["Its digest", status.configurationHash],
        ["Cache", `${plural(status.cache.answers, "answer")} in ${megabytes(status.cache.octets)} of `
            + megabytes(status.cache.maximumOctets)],
    ];
    byId("facts").replaceChildren(...facts.map(([title, text]) =>
        make("div", {}, make("dt", {}, title), make("dd", {}, text))));
}

const megabytes = (octets) => `${(octets / 1048576).toFixed(1)} MiB`;

/** What stands where there is nothing. */
const empty = (text) => make("p", { class: "empty" }, text);
