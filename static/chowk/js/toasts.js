// A short word at the corner, read out by screen readers; gone after a while, stays while pointed at.

const SHOWN_MS = 5000;

export function toast(text, { href = "" } = {}) {
  const holder = document.getElementById("toasts");
  if (!holder) return;
  const box = document.createElement("div");
  box.className = "toast";
  const body = document.createElement(href ? "a" : "p");
  body.className = "toast__body";
  body.textContent = text;
  if (href) body.href = href;
  box.append(body);
  holder.append(box);
  const leave = () => (box.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : box.remove());
  setTimeout(leave, SHOWN_MS);
}
