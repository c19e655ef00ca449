// Runs code on one's own input and shows what it wrote.

import { live } from "../notifications/live.js";

/** Start a run; resolves with its last state. Throws an Error with the server's words. */
export async function startRun(url, { csrf, language, source, stdin }) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: csrf, language, source, stdin });
  const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  const state = await answer.json();
  if (!answer.ok) throw new Error(state.error?.message ?? "That did not work.");
  return new Promise((resolve) => {
    const end = live.subscribe(state.stream, {
      after: 0,
      onEvents(events) {
        const last = events[events.length - 1].data;
        if (last.state !== "done") return;
        end();
        resolve(last);
      },
    });
  });
}

/** What a finished run shows: a list of [title, text] and one line about it; pure. */
export function shown(state) {
  const cost = state.cpu_ms === null ? "" : ` · ${state.cpu_ms} ms · ${(state.memory_kib / 1024).toFixed(1)} MiB`;
  const ended = state.verdict === "AC" ? "Ran to its end" : state.verdict_name;
  const line = `${ended}${state.detail ? `: ${state.detail}` : ""}${cost}`;
  const parts = [];
  if (state.verdict === "CE") parts.push(["The compiler says", state.compiler_output]);
  else parts.push(["Output", state.stdout || "(nothing)"]);
  if (state.stderr) parts.push(["Its complaints (stderr)", state.stderr]);
  return { line, parts };
}

export function render(box, { line, parts }) {
  const paragraph = document.createElement("p");
  paragraph.className = "small soft";
  paragraph.textContent = line;
  box.replaceChildren(paragraph);
  for (const [title, text] of parts) {
    const block = document.createElement("div");
    block.className = "code-block";
    const head = document.createElement("div");
    head.className = "code-block__head";
    head.append(Object.assign(document.createElement("span"), { textContent: title }));
    const pre = Object.assign(document.createElement("pre"), { className: "code", tabIndex: 0, textContent: text });
    block.append(head, pre);
    box.append(block);
  }
}
