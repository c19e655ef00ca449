// Whether the site itself is well, when a connection to it does not come up.

const WITHIN_MS = 4000;

/**
 * Whether a plain request is served and the server has its database. Without it no transport works, so a connection
 * that fails then says nothing of a proxy between.
 */
export async function isReachable(fetch) {
  try {
    const response = await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(WITHIN_MS) });
    if (response.ok) return true;
    const { problems } = await response.json();
    return !problems.database;
  } catch {
    return false;
  }
}
