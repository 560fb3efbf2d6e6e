// The live log: the last lines that the filter lets through, the newest on top.

/** As many lines are kept in the page. */
const mostLines = 200;
/** As many are asked for: the server makes at most so many in a second. */
const linesAtOnce = 400;

const log = {
    /** The number of the last line that was seen; null before the first reply. */
    last: null,
    /** Differs with each start of the server, whose numbers begin again. */
    epoch: null,
    /** Which of `name` and `client` must be what. */
    only: {},
    text: "",
    isPaused: false,
    /** While the mouse is over the lines, they stay where they are. */
    isHeld: false,
    /** Counts changes of the filter, so that a reply to an older one is dropped. */
    turn: 0,
    lost: 0,
};

async function readLog() {
    if (log.isPaused || (log.isHeld && log.last != null)) return;
    const turn = log.turn;
    const reply = await ask("queries", { after: log.last, count: linesAtOnce,
        q: log.text.toLowerCase(), ...log.only });
    if (turn !== log.turn || log.isPaused) return;
    if (log.last != null && reply.epoch !== log.epoch) return restartLog();
    addLines(reply, log.last != null);
    log.last = reply.next;
    log.epoch = reply.epoch;
    showLogNote();
}

function addLines(reply, isFollowing) {
    const place = byId("log-lines");
    if (isFollowing && reply.lost > 0) {
        log.lost += reply.lost;
        place.prepend(make("div", { role: "row", class: "lost" }, make("span", { role: "cell" },
            `${plural(reply.lost, "line")} came too fast and ${reply.lost === 1 ? "is" : "are"} not shown`)));
    }
    place.prepend(...reply.lines.slice(-mostLines).reverse().map(logRow));
    while (place.children.length > mostLines) {
        // The keyboard would be nowhere if its line went.
        if (place.lastChild.contains(document.activeElement)) place.parentElement.focus();
        place.lastChild.remove();
    }
    rememberClients(reply.lines.map((line) => line.client));
}

function logRow(line) {
    const cell = (kind, ...children) => make("span", { role: "cell", class: kind }, ...children);
    const state = line.rcode === "SERVFAIL" ? "bad" : line.source === "refused" ? "warn" : "";
    return make("div", { role: "row" },
        cell("time", clock(line.time)),
        cell("client", clientButton(line.client), " ", make("small", {}, line.view ?? "no view")),
        cell("name", nameButton(line.name), " ", make("small", {}, line.type)),
        cell("answer", make("span", { class: `tag ${state}` }, state ? mark(state) : null,
            answerText(line))),
        cell("source", swatch(line.source), make("span", {},
            `${sources[line.source] ?? line.source} `,
            line.upstream ? make("small", {}, line.upstream) : null)),
        cell("took", duration(line.milliseconds)),
        cell("why", make("a", { href: explainLink(line.name, line.client, line.type),
            title: line.reason, "aria-label": `Why? ${line.name} for ${line.client}` }, "Why?")));
}

/** What came back, in words where there are some. */
function answerText(line) {
    const words = { NXDOMAIN: "no such name", SERVFAIL: "failed", REFUSED: "refused" };
    if (line.rcode !== "NOERROR") return words[line.rcode] ?? line.rcode;
    if (!line.addresses.length) {
        return line.answers ? plural(line.answers, "record") : "nothing of this type";
    }
    const more = line.answers - line.addresses.length;
    return line.addresses.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function showLogNote() {
    const lines = byId("log-lines").querySelectorAll(":scope > :not(.lost)").length;
    const isFiltered = log.text || Object.keys(log.only).length;
    const lost = log.lost ? ` ${plural(log.lost, "line")} came too fast to be shown.` : "";
    if (log.isPaused) return write("log-note", `Paused. Lines that come meanwhile follow afterwards.${lost}`);
    if (log.isHeld && lines) return write("log-note", `Held while the mouse is over the lines.${lost}`);
    if (!lines) {
        return write("log-note", isFiltered ? "No query matches so far."
            : "No queries yet. Set a device's DNS server to this one, and they appear here.");
    }
    write("log-note", (lines >= mostLines ? `The last ${mostLines} lines` : "All lines that are kept")
        + (isFiltered ? " that match" : "") + `, the newest first.${lost}`);
}

/** Begins anew: the filter is another one, or the server has started again. */
function restartLog() {
    log.turn += 1;
    log.last = null;
    log.lost = 0;
    byId("log-lines").replaceChildren();
    showFilters();
    connection.wake();
}

/** Shows the queries of a name or a client alone. */
function filterLog(key, value) {
    log.only[key] = value;
    setPaused(false);
    restartLog();
    byId("log-title").focus({ preventScroll: true });
    byId("log").scrollIntoView();
}

function showFilters() {
    const words = { name: "name", client: "device" };
    byId("log-filters").replaceChildren(...Object.entries(log.only).map(([key, value]) =>
        make("li", {}, make("button", { type: "button", class: "chip",
            "aria-label": `Show every ${words[key]} again, not ${value} alone`,
            click: () => { delete log.only[key]; restartLog(); byId("log-text").focus(); } },
            `${words[key]} `, code(value), make("span", { "aria-hidden": "true" }, " ✕")))));
}

function setPaused(isPaused) {
    if (log.isPaused === isPaused) return;
    log.isPaused = isPaused;
    byId("log-pause").setAttribute("aria-pressed", isPaused);
    write("log-pause", isPaused ? "Go on" : "Pause");
    showLogNote();
    connection.wake();
}

function setHeld(isHeld) {
    log.isHeld = isHeld;
    showLogNote();
    if (!isHeld) connection.wake();
}

function startLog() {
    byId("log-lines").addEventListener("pointerenter", (event) =>
        setHeld(event.pointerType === "mouse"));
    byId("log-lines").addEventListener("pointerleave", () => setHeld(false));
    byId("log-pause").addEventListener("click", () => setPaused(!log.isPaused));
    byId("log-form").addEventListener("submit", (event) => event.preventDefault());
    byId("log-text").addEventListener("input", (event) => {
        log.text = event.target.value.trim();
        restartLog();
    });
    poll(1, readLog);
}
