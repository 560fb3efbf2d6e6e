// Light or dark: the system's choice, or one's own, which the browser keeps.

const themeKey = "horizond-theme";

/** Storage may be forbidden; then the choice lasts as long as the page. */
function keptTheme() {
    try {
        return localStorage.getItem(themeKey) ?? "auto";
    } catch {
        return "auto";
    }
}

function keepTheme(theme) {
    try {
        localStorage.setItem(themeKey, theme);
    } catch {
        // Nothing is kept then.
    }
}

function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    for (const choice of document.querySelectorAll("#theme input")) {
        choice.checked = choice.value === theme;
    }
}

function startTheme() {
    setTheme(keptTheme());
    byId("theme").addEventListener("change", (event) => {
        setTheme(event.target.value);
        keepTheme(event.target.value);
    });
}
