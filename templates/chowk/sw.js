{% load static %}// Shows the offline page when the network is gone; everything else goes to the network as ever.

importScripts("{% static "notifications/push_worker.js" %}");

const CACHE = "chowk-offline-{{ version }}";
const FILES = [{% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("chowk-offline-") && name !== CACHE);
  // The page is asked for while this script wakes up, so that it costs no time.
  event.waitUntil(self.registration.navigationPreload?.enable());
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") {
    event.respondWith(page(event).catch(() => caches.match(FILES[0])));
  } else if (request.destination === "style" || request.destination === "font") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()));
  }
});

async function page({ request, preloadResponse }) {
  return (await preloadResponse) ?? fetch(request);
}
