// The pill at the top: how this page is connected, to which region, how long a round trip takes; opened, all of it.

import { live } from "../../notifications/live.js";

const WORDS = {
  connecting: "Connecting",
  connected: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
  "signed out": "Signed out",
};
const NOTES = {
  connecting: "The connection is being made.",
  connected: "What happens shows here at once.",
  reconnecting: "The connection was lost and is being made again. What you write is sent when it is back.",
  offline: "This device has no network. What you write is sent when it is back.",
  "signed out": "You were signed out. Log in again to go on; reload this page.",
};
const KINDS = { socket: "WebSocket", events: "Server-Sent Events", poll: "Long polling" };

/** The two texts of the pill: the state in a word, then "Mumbai · 24 ms" where they are known. */
export function pillWords(state, region, roundTripMs) {
  const detail = state === "connected" ? [region, roundTripMs === null ? "" : `${roundTripMs} ms`] : [];
  return { word: WORDS[state] ?? state, detail: detail.filter(Boolean).join(" · ") };
}

/** What the opened pill lists, as [name, value]; nothing is true of a connection that does not stand. */
export function connectionFacts({ state, region, server, roundTripMs, kind }) {
  if (state !== "connected") return [];
  const facts = [
    ["Region", region],
    ["Server", server],
    ["Round trip", roundTripMs === null ? "" : `${roundTripMs} ms`],
    ["By", KINDS[kind]],
  ];
  return facts.filter(([, value]) => value);
}

export function showConnection(document) {
  const pill = document.querySelector("[data-connection]");
  if (!pill || !live) return;
  pill.hidden = false;
  live.onState((state) => {
    const region = live.region || document.body.dataset.region || "";
    const { word, detail } = pillWords(state, region, live.roundTripMs);
    pill.dataset.state = state;
    // The word is read out when it changes; numbers that come every 20 s are not.
    setText(pill.querySelector(".connection__word"), word);
    setText(pill.querySelector(".connection__detail"), detail);
    setText(pill.querySelector(".connection__note"), NOTES[state] ?? "");
    const { server, roundTripMs, kind } = live;
    const rows = connectionFacts({ state, region, server, roundTripMs, kind }).flatMap(([name, value]) => [
      element(document, "dt", name),
      element(document, "dd", value),
    ]);
    pill.querySelector(".connection__facts").replaceChildren(...rows);
  });
  live.connect();
}

function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function element(document, name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
