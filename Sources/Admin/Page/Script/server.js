// Asking the server, and what to do while it does not answer.

/** `explain` waits 20 seconds for an upstream at most. */
const longestWait = 25_000;
/** So often is a server asked that does not answer, in seconds. */
const longestPause = 30;

/** What the server says to a request that it does not fulfil. */
class Refusal extends Error {}

/** The JSON at an address of the interface; parameters without a value are left out. */
async function ask(address, parameters = {}, signal = undefined) {
    const given = Object.entries(parameters).filter(([, value]) => value != null && value !== "");
    const query = given.length ? `?${new URLSearchParams(given)}` : "";
    const limit = AbortSignal.timeout(longestWait);
    const response = await fetch(`api/${address}${query}`, {
        cache: "no-store",
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const body = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refusal(body.error ?? `it answers with status ${response.status}`);
    return body;
}

/** Whether the server answers. What polls fail with is kept by poll, until that poll succeeds. */
const connection = {
    failures: new Map(),
    lastAnswer: null,
    sleepers: new Set(),

    succeeded(poll) {
        this.failures.delete(poll);
        this.lastAnswer = Date.now() / 1000;
        this.show();
    },

    failed(poll, error) {
        const times = (this.failures.get(poll)?.times ?? 0) + 1;
        this.failures.set(poll, { error, times });
        this.show();
    },

    /** Seconds to the poll's next turn: twice as many after each failure. */
    pause(poll, period) {
        const times = this.failures.get(poll)?.times ?? 0;
        return times ? Math.min(longestPause, period * 2 ** times) : period;
    },

    sleep(seconds) {
        return new Promise((resolve) => {
            this.sleepers.add(resolve);
            setTimeout(() => this.sleepers.delete(resolve) && resolve(), seconds * 1000);
        });
    },

    /** Ends all pauses. */
    wake() {
        for (const resolve of this.sleepers) resolve();
        this.sleepers.clear();
    },

    show() {
        const failure = [...this.failures.values()][0];
        byId("away").hidden = !failure;
        if (!failure) return;
        if (!(failure.error instanceof Refusal)) showHeadline("unknown", "It does not answer");
        const since = this.lastAnswer ? ` What you see is from ${clock(this.lastAnswer)}.` : "";
        const reason =
            failure.error instanceof Refusal
                ? `The server does not say how it is: ${failure.error.message}.`
                : "This page cannot reach the server.";
        write("away-text", `${reason}${since} It tries again by itself.`);
    },
};

/** Does the task, again and again, `period` seconds apart, while the page is seen. */
async function poll(period, task) {
    for (;;) {
        await pageIsVisible();
        try {
            await task();
            connection.succeeded(task);
        } catch (error) {
            connection.failed(task, error);
        }
        await connection.sleep(connection.pause(task, period));
    }
}

function pageIsVisible() {
    return new Promise((resolve) => {
        if (!document.hidden) return resolve();
        const look = () => {
            if (document.hidden) return;
            document.removeEventListener("visibilitychange", look);
            resolve();
        };
        document.addEventListener("visibilitychange", look);
    });
}
