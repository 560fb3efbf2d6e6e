// Elements, and text as people read it. Everything that the server says comes in through `make` or
// `write`, as text and never as markup.

const byId = (id) => document.getElementById(id);

/** Controls, and characters that show nothing or turn the text around them. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Text with what cannot be seen written out: names and messages may come from anybody. */
function shown(text) {
    return String(text).replace(unseen, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

/** An element. An attribute that is a function is called on that event; null and false leave it out. */
function make(tag, attributes = {}, ...children) {
    return furnish(document.createElement(tag), attributes, children);
}

/** The same for drawings. */
function draw(tag, attributes = {}, ...children) {
    return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function furnish(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") element.addEventListener(name, value);
        else if (value != null && value !== false) element.setAttribute(name, shown(value));
    }
    for (const child of children.flat()) {
        if (child != null) element.append(child instanceof Node ? child : shown(child));
    }
    return element;
}

/** Changes an element's text where it differs, so that readers of the page are told of changes alone. */
function write(id, text) {
    const element = byId(id);
    if (element.textContent !== shown(text)) element.textContent = shown(text);
}

/** A name, address or place: it stands apart from the direction of the text around it. */
function code(text, attributes = {}) {
    return make("code", attributes, text);
}

const wholeNumber = new Intl.NumberFormat("en");
const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const minute = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Times are in seconds since 1970. */
const clock = (seconds, format = time) => format.format(new Date(seconds * 1000));

const count = (number) => wholeNumber.format(number);

function plural(number, noun, many = `${noun}s`) {
    return `${count(number)} ${number === 1 ? noun : many}`;
}

/** A number and its unit, which no line's end parts. */
const unit = (number, name) => `${number}\u00a0${name}`;

/** A rate, with a decimal where it is small. */
function perSecond(number) {
    return number > 0 && number < 9.95 ? number.toFixed(1) : count(Math.round(number));
}

function share(part, whole) {
    const percent = whole ? (part / whole) * 100 : 0;
    return percent > 0 && percent < 0.95 ? `under ${unit(1, "%")}` : unit(Math.round(percent), "%");
}

/** Milliseconds with two digits that count, as 0.04 ms, 12 ms, 2.5 s. */
function duration(milliseconds) {
    if (milliseconds == null) return "–";
    if (milliseconds < 0.005) return `under ${unit(0.01, "ms")}`;
    if (milliseconds >= 999.5) return unit((milliseconds / 1000).toFixed(1), "s");
    if (milliseconds >= 9.95) return unit(Math.round(milliseconds), "ms");
    return unit(milliseconds.toFixed(milliseconds >= 0.95 ? 1 : 2), "ms");
}

/** How long something lasts: 45 s, 12 min, 3 h 20 min, 5 d 2 h. */
function span(seconds) {
    const [days, hours, minutes] = [86400, 3600, 60].map((length) => Math.floor(seconds / length));
    const parts = (large, small, name) => (small ? `${large} ${unit(small, name)}` : large);
    if (days > 0) return parts(unit(days, "d"), hours % 24, "h");
    if (hours > 0) return parts(unit(hours, "h"), minutes % 60, "min");
    return minutes > 0 ? unit(minutes, "min") : unit(Math.floor(seconds), "s");
}

/** The sources of answers: in words, and in the order of the drawings. */
const sources = {
    overlay: "your names",
    zone: "zones here",
    cache: "cache",
    upstream: "upstream",
    stale: "cache, past its time",
    server: "the server itself",
    failure: "failed",
    refused: "refused",
    error: "no valid query",
};
