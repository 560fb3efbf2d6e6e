// The lists of the last hour: names and devices, what failed, was refused and leaked.

const listLength = 8;

/** What the last audit found, and how many names it could not check. */
const lists = { leaks: [], unanswered: 0 };

function showLists(top) {
    lists.leaks = top.leaks;
    rememberClients(top.clients.map((entry) => entry.client));
    showHints(top.names);
    const note = "In the last hour. Choose a name or a device to see its queries below.";
    write("top-note", top.sampled < 1
        ? `${note} Estimated from ${share(top.sampled, 1)} of the queries.` : note);
    showList("top-names", top.names, "No queries yet.", (entry) => nameButton(entry.name));
    showList("top-clients", top.clients, "Nobody has asked yet.", (entry) =>
        [clientButton(entry.client), " ", make("small", {}, entry.view ?? "no view")]);
    showList("top-failed", top.failed, "Every query got an answer.",
        (entry) => nameButton(entry.name));
    showList("top-refused", top.refused, "Nobody was refused.", (entry) =>
        [nameButton(entry.name), " ", make("small", {}, `to ${entry.client}`)]);
    showLeaks(top);
}

/** A list with bars as long as their counts. It stays as it is while the keyboard is in it. */
function showList(id, entries, nothing, describe) {
    const place = byId(id);
    if (place.contains(document.activeElement)) return;
    if (!entries.length) return place.replaceChildren(empty(nothing));
    const most = Math.max(...entries.map((entry) => entry.count));
    place.replaceChildren(make("ol", { class: "plain bars" },
        entries.slice(0, listLength).map((entry) => {
            const bar = make("span", { class: "bar", "aria-hidden": "true" });
            bar.style.width = `${(entry.count / most) * 100}%`;
            return make("li", {}, bar, make("span", {}, describe(entry)),
                make("b", {}, count(entry.count)));
        })));
}

function showLeaks(top) {
    const place = byId("top-leaks");
    if (place.contains(document.activeElement)) return;
    const { lastAt, every } = top.audit;
    const found = lists.unanswered ? "No leak among the names that could be checked"
        : "No public record beside your names";
    const unchecked = lists.unanswered
        ? ` ${plural(lists.unanswered, "name")} could not be checked: no answer came.` : "";
    const rest = unchecked + (every ? ` The next one is ${span(every)} later.` : "");
    if (!top.leaks.length) {
        place.replaceChildren(empty(lastAt
            ? `${found}, says the audit of ${clock(lastAt, day)}.${rest}`
            : every ? "The first audit is still to come."
                : "Nobody looks for leaks: set “audit: {every: 24h}” in the configuration, "
                    + "or run “horizond audit”."));
        return;
    }
    place.replaceChildren(
        make("ul", { class: "plain bars" }, top.leaks.slice(0, listLength).map((leak) =>
            make("li", {}, make("span", {},
                make("a", { href: explainLink(leak.name) }, code(leak.name)), " ",
                make("small", {}, `in view ${leak.view}: ${leak.text}`))))),
        make("p", { class: "empty" }, `So says the audit of ${clock(lastAt, day)}.${rest}`));
}

/** Buttons that show the queries of a name or device in the log. */
function nameButton(name) {
    return make("button", { type: "button", class: "link",
        title: "Show its queries", click: () => filterLog("name", name) }, code(name));
}

function clientButton(client) {
    return make("button", { type: "button", class: "link",
        title: "Show its queries", click: () => filterLog("client", client) }, code(client));
}
