// A part of a page that the server draws again when a stream says that something changed.

/** Calls `run` once after calls have ceased for `waitMs`, at the latest after `longestMs`; never twice at a time. */
export function gather(run, { waitMs = 80, longestMs = 500, timers = globalThis } = {}) {
  let timer = null;
  let since = 0;
  let running = false;
  let again = false;
  const start = async () => {
    timer = null;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await run();
    } finally {
      running = false;
      if (again) {
        again = false;
        ask();
      }
    }
  };
  const ask = () => {
    const now = Date.now();
    if (timer === null) since = now;
    else timers.clearTimeout(timer);
    timer = timers.setTimeout(start, Math.max(0, Math.min(waitMs, since + longestMs - now)));
  };
  return ask;
}

/** The address of a part of the page at `href`. */
export function partUrl(href, part) {
  const url = new URL(href);
  url.hash = "";
  url.searchParams.set("part", part);
  return url.href;
}

/** Draw `holder` again from the server; `keep` is called around it to carry over what the person has opened. */
export async function redraw(holder, part, { fetch = globalThis.fetch, href = globalThis.location.href, keep = () => () => {} } = {}) {
  const answer = await fetch(partUrl(href, part), { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return false;
  const html = await answer.text();
  const restore = keep(holder);
  holder.innerHTML = html;
  restore();
  return true;
}
