// What every page has: theme, menus, dialogs, shortcuts, times that stay true, and the connection pill.

import { listenForShortcuts } from "./shortcuts.js";
import { keepTimesTrue } from "./times.js";
import { listenForTheme } from "./theme.js";
import { listenForMenus } from "./menus.js";
import { listenForCopy } from "./copy.js";

listenForTheme(document);
listenForMenus(document);
listenForShortcuts(document);
listenForCopy(document);
keepTimesTrue(document);

// On a phone the place in a long row of tabs would otherwise lie beyond the edge.
// (scrollIntoView would move the page as well.)
for (const tab of document.querySelectorAll(".tabs > [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

if (document.body.dataset.user) {
  import("./connection.js").then(({ showConnection }) => showConnection(document));
  import("./news.js").then(({ followNews }) => followNews(document));
  import("../../chat/others.js").then(({ followOthers }) => followOthers(document));
}

if ("serviceWorker" in navigator && document.body.dataset.user) {
  addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
}
