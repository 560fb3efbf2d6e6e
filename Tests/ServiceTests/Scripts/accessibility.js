// What is wrong with the page that is open, for people who use the keyboard, a screen reader, or see
// little contrast: a list of sentences. It is the body of a function.

const problems = [];
const isVisible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
const describe = (element) => `<${element.localName}${element.id ? ` id="${element.id}"` : ""}`
    + `${element.getAttribute("class") ? ` class="${element.getAttribute("class")}"` : ""}>`
    + ` ${element.textContent.trim().slice(0, 40)}`;

/** The name that a screen reader says (a part of the rules of accname-1.2). */
function name(element) {
    const ids = element.getAttribute("aria-labelledby")?.split(/\s+/) ?? [];
    const labels = [...(element.labels ?? [])].map((label) => label.textContent);
    return [
        element.getAttribute("aria-label"),
        ids.map((id) => document.getElementById(id)?.textContent ?? "").join(" "),
        labels.join(" "),
        ["button", "a", "summary"].includes(element.localName) ? element.textContent : null,
        element.getAttribute("title"),
    ].map((text) => text?.trim()).find(Boolean) ?? "";
}

function luminance([red, green, blue]) {
    const [r, g, b] = [red, green, blue].map((value) => value / 255)
        .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
}

const channels = (colour) => colour.match(/[\d.]+/g).map(Number);

/** The colour behind an element: the first on the way up that is not transparent. */
function background(element) {
    for (let at = element; at; at = at.parentElement) {
        const colour = channels(getComputedStyle(at).backgroundColor);
        if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
}

function checkContrast(element) {
    const style = getComputedStyle(element);
    const isDrawn = element instanceof SVGElement;
    const ratio = contrast(channels(isDrawn ? style.fill : style.color), background(element));
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) {
        problems.push(`contrast of ${ratio.toFixed(2)}: ${describe(element)}`);
    }
}

// Texts can be read.
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const isText = texts.currentNode.data.trim() && !["SCRIPT", "STYLE", "OPTION"].includes(element.tagName);
    if (isText && isVisible(element)) checkContrast(element);
}

// What can be used has a name, and keeps the order of the document.
const controls = "input, select, textarea, button, a[href], summary, [tabindex='0']";
for (const element of document.querySelectorAll(controls)) {
    if (!name(element)) problems.push(`no name: ${describe(element)}`);
    if (element.tabIndex > 0) problems.push(`an order of its own: ${describe(element)}`);
}

// Headings begin with one h1, and no level is left out.
const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(isVisible)
    .map((heading) => Number(heading.localName[1]));
if (levels.filter((level) => level === 1).length !== 1) problems.push("not one h1");
levels.reduce((before, level) => {
    if (level > before + 1) problems.push(`h${level} follows h${before}`);
    return level;
}, 0);

// Landmarks, the language, identifiers and what they are named by.
for (const part of ["main", "body > header", "nav", "footer", "html[lang]", "title"]) {
    if (!document.querySelector(part)) problems.push(`no ${part}`);
}
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of ids.filter((id, index) => ids.indexOf(id) !== index)) {
    problems.push(`twice: id="${id}"`);
}
for (const attribute of ["aria-labelledby", "aria-describedby", "for", "list"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
        for (const id of element.getAttribute(attribute).split(/\s+/)) {
            if (!ids.includes(id)) problems.push(`${attribute} names no element: ${id}`);
        }
    }
}

// Pictures say what they show, or nothing.
for (const picture of document.querySelectorAll("svg, img")) {
    const isHidden = picture.closest("[aria-hidden='true']");
    if (!isHidden && !picture.getAttribute("aria-label")) {
        problems.push(`a picture without words: ${describe(picture)}`);
    }
}

// Lists, rows and cells stand in what they belong to.
const parents = { row: "rowgroup", cell: "row", columnheader: "row", rowgroup: "table" };
for (const [role, parent] of Object.entries(parents)) {
    for (const element of document.querySelectorAll(`[role='${role}']`)) {
        if (element.parentElement.getAttribute("role") !== parent) {
            problems.push(`${role} outside of a ${parent}: ${describe(element)}`);
        }
    }
}

return problems;
