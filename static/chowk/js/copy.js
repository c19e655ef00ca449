// <button data-copy="text"> or data-copy-from="id of an element" copies, and says so.

import { toast } from "./toasts.js";

export function listenForCopy(document) {
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy], [data-copy-from]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copyFrom);
    const text = button.dataset.copy ?? source?.value ?? source?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied");
    } catch {
      toast("Your browser did not allow copying");
    }
  });
}
