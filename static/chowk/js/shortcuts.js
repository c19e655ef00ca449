// "/" searches, "?" explains, "g r" goes to the rooms: never while someone is writing.

import { openDialog } from "./menus.js";

export const GO_WITHIN_MS = 1200;

/** Where a key leads: {search}, {help}, {go: letter}, {pending: true} after a "g", or null. */
export function shortcutFor(key, pendingSince, now) {
  const pending = pendingSince !== null && now - pendingSince < GO_WITHIN_MS;
  if (pending && /^[a-z]$/.test(key)) return { go: key };
  if (key === "g") return { pending: true };
  if (key === "/") return { search: true };
  if (key === "?") return { help: true };
  return null;
}

export function isWriting(element) {
  return Boolean(element?.closest?.("input, textarea, select, [contenteditable], .ace_editor, dialog[open]"));
}

export function listenForShortcuts(document) {
  let pendingSince = null;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isWriting(event.target)) return;
    const found = shortcutFor(event.key, pendingSince, event.timeStamp);
    pendingSince = found?.pending ? event.timeStamp : null;
    if (!found || found.pending) return;
    const link = found.go && document.querySelector(`[data-go="${found.go}"]`);
    if (found.go && !link) return;
    event.preventDefault();
    if (found.search) document.getElementById("search")?.focus();
    if (found.help) openDialog(document, "keys");
    if (link) link.click();
  });
}
