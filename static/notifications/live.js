// The page's one live connection. docs/live.md describes the protocol.
//
//   live.subscribe("room:7", {after: 12, onEvents(events) {…}, onReset(seq) {…}, onRefused(error) {…}})   → ends it
//   await live.call("chat.send", {…})            the result, or throws a CallError or a ConnectionLost
//   live.onState((state) => …)                   "connecting" | "connected" | "reconnecting" | "offline" | "signed out"
//   live.onNotice("chat.typing", (params) => …)  what the server tells that is no stream's event
//   live.region, live.server, live.kind, live.roundTripMs

import { Live } from "./client.js";
import { isReachable } from "./reachable.js";
import { Route } from "./route.js";
import { SocketTransport } from "./transports/socket.js";

export { CallError, ConnectionLost } from "./calls.js";
export { Live };

const NEAREST_WITHIN_MS = 1500;

// What most pages never need is loaded when it is.
const TRANSPORTS = {
  socket: async () => SocketTransport,
  events: async () => (await import("./transports/events.js")).EventsTransport,
  poll: async () => (await import("./transports/poll.js")).PollTransport,
};

async function makeTransport(kind, options) {
  const Transport = await TRANSPORTS[kind]();
  return new Transport({ ...options, WebSocket, fetch: fetch.bind(globalThis) });
}

/** Measures once a page; where the fleet has regions the first connection waits until the nearest is known. */
function regionFinder(url) {
  let nearest = null;
  return (route) => {
    nearest ??= new Promise((resolve) => {
      setTimeout(resolve, NEAREST_WITHIN_MS);
      const onNearest = (base) => {
        route.setBases([base]);
        resolve();
      };
      import("./regions.js")
        .then(({ measureRegions }) => measureRegions({ url, fetch: fetch.bind(globalThis), storage: sessionStorage, onNearest }))
        .then((bases) => route.setBases(bases))
        .catch(() => {}) // The page's own address serves everyone.
        .finally(resolve);
    });
    return nearest;
  };
}

function pageLive() {
  const { regionsUrl } = document.body?.dataset ?? {};
  return new Live({
    route: new Route({ home: location.origin, storage: storageOf("sessionStorage") }),
    makeTransport,
    isReachable: () => isReachable(fetch.bind(globalThis)),
    findRegions: regionsUrl ? regionFinder(regionsUrl) : undefined,
    isOnLine: () => navigator.onLine,
  });
}

function storageOf(name) {
  try {
    return globalThis[name];
  } catch {
    return null; // The browser forbids it.
  }
}

/** Made here so that every module of the page shares it; null outside of a page. */
export const live = globalThis.location && globalThis.document ? pageLive() : null;

if (live) {
  addEventListener("online", () => live.check());
  addEventListener("offline", () => live.check());
  addEventListener("pagehide", () => live.suspend());
  addEventListener("pageshow", ({ persisted }) => persisted && live.connect());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && live.check());
}
