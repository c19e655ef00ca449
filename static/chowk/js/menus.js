// <details class="menu"> closes by Escape or by a click elsewhere; [data-opens="id"] opens a <dialog>, [data-closes] closes it.

export function openDialog(document, id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

export function listenForMenus(document) {
  document.addEventListener("click", (event) => {
    const { target } = event;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(target) || target.closest("[data-opens]")) menu.open = false;
    }
    const opener = target.closest("[data-opens]");
    if (opener) openDialog(document, opener.dataset.opens);
    if (target.closest("[data-closes]")) target.closest("dialog")?.close();
    if (target.matches("dialog.dialog")) closeWhenOutside(target, event);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

/** A click on the dialog element itself and beside its box is a click on the backdrop. */
function closeWhenOutside(dialog, { clientX: x, clientY: y }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  if (x < left || x > right || y < top || y > bottom) dialog.close();
}
