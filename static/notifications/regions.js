// Which region is nearest: by the time that small requests take.

const TRIES = 3;
const ANSWER_WITHIN_MS = 2000;
const KNOWN_FOR_MS = 600000;
const KEY = "chowk.regions";

/**
 * The regions' addresses, the nearest first. `onNearest(base)` is told as soon as one has answered all its requests,
 * which is before the far ones have.
 */
export async function measureRegions({ url, fetch, storage = null, now = Date.now, onNearest = () => {} }) {
  const known = recall(storage, now());
  if (known) {
    onNearest(known[0]);
    return known;
  }
  const regions = await listOf(url, fetch);
  let isFound = false;
  const measured = await Promise.all(
    regions.map(async (base) => {
      const milliseconds = await measure(base, fetch);
      if (milliseconds < Infinity && !isFound) onNearest(base);
      isFound ||= milliseconds < Infinity;
      return { base, milliseconds };
    }),
  );
  const bases = nearestFirst(measured);
  if (bases.length > 0) remember(storage, bases, now());
  return bases;
}

/** Addresses by their time; those that did not answer come last. */
export function nearestFirst(measured) {
  return [...measured].sort((a, b) => a.milliseconds - b.milliseconds || 0).map(({ base }) => base);
}

async function listOf(url, fetch) {
  const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const { regions } = await response.json();
  return regions.map((region) => region.url);
}

/** The shortest of a few requests, in milliseconds: the first one also opens the connection. */
async function measure(base, fetch) {
  let best = Infinity;
  try {
    for (let i = 0; i < TRIES; i += 1) {
      const start = performance.now();
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const response = await fetch(`${base}/healthz`, { cache: "no-store", credentials: "omit", signal });
      await response.arrayBuffer();
      if (!response.ok) return Infinity;
      best = Math.min(best, performance.now() - start);
    }
  } catch {
    return Infinity;
  }
  return best;
}

function recall(storage, now) {
  try {
    const { bases, at } = JSON.parse(storage.getItem(KEY));
    return now - at < KNOWN_FOR_MS && bases.length > 0 ? bases : null;
  } catch {
    return null;
  }
}

function remember(storage, bases, now) {
  try {
    storage.setItem(KEY, JSON.stringify({ bases, at: now }));
  } catch {
    // Then the next page measures again.
  }
}
