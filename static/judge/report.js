// Keeps the report of one submission true while it is judged: words and progress from each event, all of it at the end.

import { live } from "../notifications/live.js";
import { refreshTimes } from "../chowk/js/times.js";
import { isDone, newest, words } from "./words.js";

/** Follow `box.dataset.stream`; resolves nothing, calls `onDone(state)` once when the verdict is there. */
export function follow(box, onDone = () => {}) {
  if ("done" in box.dataset) return;
  const end = live.subscribe(box.dataset.stream, {
    after: Number(box.dataset.after),
    onEvents(events) {
      const state = newest(events);
      if (state) show(state);
    },
    async onReset(lastSeq) {
      await refresh(box);
      live.rebase(box.dataset.stream, lastSeq);
    },
  });

  async function show(state) {
    const was = box.querySelector(".report")?.dataset.state;
    if (isDone(state)) {
      end();
      box.dataset.done = "";
      await refresh(box);
      onDone(state);
    } else if (state.state === "queued" || was === "queued") {
      await refresh(box);
    } else {
      progress(box, state);
    }
  }
}

function progress(box, state) {
  const report = box.querySelector(".report");
  report.dataset.state = state.state;
  report.querySelector(".pill").textContent = words(state);
  const bar = report.querySelector("progress");
  if (bar) {
    bar.max = state.tests_total || 1;
    bar.value = state.tests_done;
  }
}

/** Fetch the report anew. */
export async function refresh(box) {
  const answer = await fetch(box.dataset.part, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  box.innerHTML = await answer.text();
  refreshTimes(box);
}
