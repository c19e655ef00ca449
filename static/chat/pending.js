// What stands under a message that is not stored yet: that it waits, for how long, or why it was not sent.

/** {text, actions} for an item of the outbox, or null where nothing needs saying. */
export function stateOf({ state, error, until }, { isOffline, now }) {
  if (state === "failed") return { text: `Not sent. ${error}`, actions: ["Try again", "Edit", "Discard"] };
  const seconds = Math.ceil((until - now) / 1000);
  if (seconds > 0) {
    const reason = error.split(/[.:]/, 1)[0];
    return { text: `${reason}. Goes out in ${seconds} s.`, actions: ["Discard"] };
  }
  if (!isOffline) return null;
  return { text: "Waiting for the connection.", actions: ["Discard"] };
}

/** Says it in the message's own line; `handlers` has a function for each action by its name. */
export function showState(line, said, handlers) {
  line.hidden = !said;
  if (!said) return;
  const shown = [...line.querySelectorAll("button")].map(({ textContent }) => textContent);
  // A countdown changes its words alone: the button under someone's finger stays.
  if (shown.join() === said.actions.join() && line.firstElementChild) {
    line.firstElementChild.textContent = said.text;
    return;
  }
  const words = document.createElement("span");
  words.textContent = said.text;
  line.replaceChildren(words, ...said.actions.map((name) => button(name, handlers[name])));
}

function button(label, onClick) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "link-button";
  element.textContent = label;
  element.addEventListener("click", onClick);
  return element;
}
