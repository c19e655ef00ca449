// The part of the service worker that shows pushes. It runs where no page need be open.

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // Not ours, but a push that shows nothing would cost the permission.
  }
  const shown = self.registration.showNotification(told.title || "Chowk", {
    body: told.body ?? "",
    // A repeat of the same delivery replaces what is shown.
    tag: told.tag,
    data: { url: told.url || "/inbox/" },
  });
  event.waitUntil(shown);
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? "/inbox/", self.location.origin);
  // Only our own pages: what a push says is not trusted further than that.
  const href = url.origin === self.location.origin ? url.href : new URL("/inbox/", self.location.origin).href;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((pages) => {
      const open = pages.find((page) => page.url === href);
      return open ? open.focus() : self.clients.openWindow(href);
    }),
  );
});
