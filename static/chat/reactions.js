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
