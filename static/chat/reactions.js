// The emoji under a message: {emoji, count, mine}, kept in step by the stream's events.

/** The reactions after one was added or taken back. */
export function changed(reactions, { emoji, user_id }, isAdded, userId) {
  const mine = user_id === userId;
  const found = reactions.find((one) => one.emoji === emoji);
  if (!found) return isAdded ? [...reactions, { emoji, count: 1, mine }] : reactions;
  const count = found.count + (isAdded ? 1 : -1);
  const one = { emoji, count, mine: mine ? isAdded : found.mine };
  return reactions.map((other) => (other === found ? one : other)).filter((other) => other.count > 0);
}

export function showReactions(row, reactions) {
  row.querySelector(".msg__reactions").replaceChildren(...reactions.map(element));
}

export function changeReaction(row, data, isAdded, userId) {
  showReactions(row, changed(reactionsOf(row), data, isAdded, userId));
}

const NAMED = 12;

/** ["asha", "ravi", "zoya"], "👍" → "asha, ravi and zoya: 👍" */
export function whoReacted(users, emoji) {
  const named = users.slice(0, NAMED);
  const others = users.length - named.length;
  const last = others ? `${others} more` : named.pop();
  return `${named.length ? `${named.join(", ")} and ${last}` : last}: ${emoji}`;
}

/** Says on an emoji that is pointed at, or reached by keyboard, who put it there; `call` asks the server. */
export function tellReactors(box, call) {
  const tell = async ({ target }) => {
    const button = target.closest?.(".reaction");
    const count = button?.querySelector(".reaction__count").textContent;
    if (!button || button.dataset.told === count) return;
    button.dataset.told = count;
    try {
      const { reactions } = await call("chat.reactions", { id: Number(button.closest(".msg").dataset.id) });
      const found = reactions.find(({ emoji }) => emoji === button.dataset.emoji);
      if (found) button.title = whoReacted(found.users, found.emoji);
    } catch {
      delete button.dataset.told; // the next look asks again
    }
  };
  box.addEventListener("pointerover", tell);
  box.addEventListener("focusin", tell);
}

function reactionsOf(row) {
  return [...row.querySelectorAll(".reaction")].map((button) => ({
    emoji: button.dataset.emoji,
    count: Number(button.querySelector(".reaction__count").textContent),
    mine: button.getAttribute("aria-pressed") === "true",
  }));
}

function element({ emoji, count, mine }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reaction";
  button.dataset.emoji = emoji;
  button.setAttribute("aria-pressed", mine);
  const [face, number] = [document.createElement("span"), document.createElement("span")];
  face.textContent = emoji;
  number.className = "reaction__count num";
  number.textContent = count;
  button.append(face, " ", number);
  return button;
}
