// How long to wait before the next attempt: doubling, capped, with full jitter so that a fleet's clients spread out
// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

export const FIRST_MS = 500;
export const LONGEST_MS = 30000;

/** After a server said that it restarts, its clients come back within so long: others take them at once. */
export const RESTART_MS = 2000;

export function backoffMilliseconds(attempt, random = Math.random) {
  return Math.round(Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * random());
}

export function restartMilliseconds(random = Math.random) {
  return Math.round(RESTART_MS * random());
}
