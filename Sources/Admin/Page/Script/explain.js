// The search box: what a device gets for a name, and why. A link can carry the question.

/** The clients that the box offers. */
const mostClients = 100;
const knownClients = new Set();

/** Where the configuration is: places in its files are shown as it names them; null before it is known. */
let directory = null;

/** What is being asked; a later question ends it. */
let question = null;

function rememberClients(clients) {
    const before = knownClients.size;
    for (const client of clients) {
        if (knownClients.size < mostClients) knownClients.add(client);
    }
    if (knownClients.size === before) return;
    byId("clients").replaceChildren(...[...knownClients].sort().map((client) =>
        make("option", { value: client })));
}

/** `#explain?name=…&client=…&type=…` */
function explainLink(name, client, type) {
    const given = Object.entries({ name, client, type }).filter(([, value]) => value);
    return `#explain?${new URLSearchParams(given)}`;
}

/** Names to begin with, from those that are asked for. */
function showHints(names) {
    const place = byId("explain-hints");
    place.hidden = !names.length || !byId("explain-result").hidden;
    if (place.hidden || place.contains(document.activeElement)) return;
    place.replaceChildren("Asked for lately: ", ...names.slice(0, 4).flatMap((entry, index) =>
        [index ? " · " : null, make("a", { href: explainLink(entry.name) }, code(entry.name))])
        .filter(Boolean));
}

/** Asks what the page's address says. */
function followLink() {
    const [, query] = location.hash.match(/^#explain\?(.*)$/s) ?? [];
    if (query == null) return;
    const given = new URLSearchParams(query);
    byId("explain-name").value = given.get("name") ?? "";
    byId("explain-client").value = given.get("client") ?? "";
    const type = given.get("type") ?? "";
    byId("explain-type").value = ["A", "AAAA", "HTTPS"].includes(type) ? "" : type;
    if (byId("explain-type").selectedIndex < 0) {
        byId("explain-type").append(make("option", { value: type, selected: "" }, type));
    }
    explain({ name: given.get("name") ?? "", client: given.get("client") ?? "", type });
}

async function explain(asked) {
    question?.abort();
    question = new AbortController();
    const { signal } = question;
    showExplaining(true);
    try {
        directory ??= (await ask("status")).files[0]?.replace(/[^/]*$/, "") ?? "";
        showExplanation(await ask("explain", asked, signal));
    } catch (error) {
        if (!signal.aborted) showExplainError(error);
    } finally {
        if (!signal.aborted) showExplaining(false);
    }
}

function showExplaining(isAsking) {
    byId("explain").setAttribute("aria-busy", isAsking);
    byId("explain-form").querySelector("button").textContent = isAsking ? "Asking …" : "Explain";
}

function showExplainError(error) {
    byId("explain-result").hidden = true;
    byId("explain-error").hidden = false;
    write("explain-error", error instanceof Refusal ? `That cannot be explained: ${error.message}`
        : "The server did not answer that. Is it still there?");
}

function showExplanation(explanation) {
    byId("explain-error").hidden = true;
    byId("explain-hints").hidden = true;
    byId("explain-result").hidden = false;
    byId("explain-headline").replaceChildren(...headline(explanation).map((part) =>
        part instanceof Node ? part : document.createTextNode(shown(part))));
    byId("verdict").replaceChildren(...explanation.verdict.map((sentence) =>
        make("li", { class: sentence.startsWith("LEAK") ? "bad" : "" }, sentence)));
    path.show(explanation);
    byId("explain").scrollIntoView();
    byId("explain-headline").focus({ preventScroll: true });
}

/** The result in a sentence. */
function headline({ name, client, answers }) {
    const addresses = answers.filter(({ type }) => type === "A" || type === "AAAA")
        .flatMap(({ type, response }) => response.records.filter((record) => record.type === type))
        .map((record) => record.data);
    const listed = [...new Set(addresses)].flatMap((address, index) =>
        [index ? ", " : "", code(address)]);
    return [code(withoutDot(name)), " leads ", code(client),
        ...(listed.length ? [" to ", ...listed] : [" nowhere"])];
}

/** Of paths in a text, what is below the configuration's directory. */
const nearby = (text) => (directory ? text.replaceAll(directory, "") : text);

const withoutDot = (name) => (name === "." ? name : name.replace(/\.$/, ""));

function startExplain() {
    byId("explain-form").addEventListener("submit", (event) => {
        event.preventDefault();
        const asked = Object.fromEntries(["name", "client", "type"].map((field) =>
            [field, byId(`explain-${field}`).value.trim()]));
        const link = explainLink(asked.name, asked.client, asked.type);
        // The same link again changes nothing, but the question is asked again.
        if (location.hash === link) followLink();
        else location.hash = link;
    });
    window.addEventListener("hashchange", followLink);
    followLink();
}
