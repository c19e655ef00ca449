// The statement's page, live: what has moved is asked for anew, with the page's own filter, and takes the old one's place.

import { live } from "../notifications/live.js";

const { stream, after } = document.getElementById("statement").dataset;

let asking = null;
let isStale = false;

/** One question at a time; what comes meanwhile asks once more. */
function refresh() {
  isStale = true;
  asking ??= ask().finally(() => {
    asking = null;
  });
}

async function ask() {
  while (isStale) {
    isStale = false;
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) return; // the next movement, or a reload, shows it
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  }
}

function show(fresh) {
  const focused = document.activeElement?.closest("[data-moves] a")?.getAttribute("href");
  for (const part of document.querySelectorAll("[data-moves]")) {
    const now = fresh.querySelector(`[data-moves="${part.dataset.moves}"]`);
    if (now !== null) part.replaceWith(document.adoptNode(now));
  }
  if (focused) document.querySelector(`[data-moves] a[href="${CSS.escape(focused)}"]`)?.focus();
}

live.subscribe(stream, { after: Number(after), onEvents: refresh, onReset: refresh });
