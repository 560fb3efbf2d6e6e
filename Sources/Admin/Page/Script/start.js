// The page begins.

const slowPeriod = 5;

const charts = {
    rate: new Chart(byId("rate-chart"), rateChart),
    latency: new Chart(byId("latency-chart"), latencyChart),
};
let startedAt = null;

async function readStatus() {
    const status = await ask("status");
    if (startedAt != null && startedAt !== status.startedAt) hour.forget();
    startedAt = status.startedAt;
    document.title = `horizond on ${shown(status.host)}`;
    write("host", `on ${status.host}`);
    lists.unanswered = status.audit?.unanswered ?? 0;
    showState(status);
    write("all", count(status.queries.all));
    write("all-note", `up for ${span(status.uptimeSeconds)}`);
    showUpstreams(status.upstreams);
    showFacts(status);
}

async function readHistory() {
    hour.take(await ask("history", { after: hour.end }));
    showFigures();
    const points = hour.points();
    charts.rate.show(points, hour.end);
    charts.latency.show(points, hour.end);
}

async function readLists() {
    showLists(await ask("top"));
}

startTheme();
makePatterns();
startPath();
startExplain();
startLog();
byId("away-retry").addEventListener("click", () => connection.wake());
for (const task of [readStatus, readHistory, readLists]) poll(slowPeriod, task);
