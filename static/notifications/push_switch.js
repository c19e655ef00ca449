// "Push on this device": asks for the permission when the person presses the button, never before.

/** What the button says and whether it can be pressed. */
export function buttonState({ supported, permission, subscribed }) {
  if (!supported) return { text: "This browser takes no pushes", disabled: true };
  if (permission === "denied") return { text: "Blocked in this browser's settings", disabled: true };
  return subscribed ? { text: "On for this browser", disabled: true } : { text: "Turn on for this browser", disabled: false };
}

/** A base64url key as the bytes that PushManager wants. */
export function keyBytes(key) {
  const base64 = (key + "=".repeat((4 - (key.length % 4)) % 4)).replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function subscribe(key) {
  const worker = await navigator.serviceWorker.ready;
  return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: keyBytes(key) });
}

async function tellServer(url, token, subscription) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
    body: JSON.stringify(subscription),
    credentials: "same-origin",
  });
  if (!answer.ok) throw new Error((await answer.json()).error?.message ?? "That did not work.");
}

async function start(button) {
  const note = document.getElementById(button.getAttribute("aria-describedby"));
  const supported = "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;
  const show = async () => {
    const worker = supported ? await navigator.serviceWorker.getRegistration() : null;
    const subscription = (await worker?.pushManager?.getSubscription()) ?? null;
    const known = subscription !== null && button.dataset.endpoints.split("\n").includes(subscription.endpoint);
    const state = buttonState({ supported, permission: globalThis.Notification?.permission, subscribed: known });
    button.textContent = state.text;
    button.disabled = state.disabled;
  };
  button.addEventListener("click", async () => {
    button.setAttribute("aria-busy", "true");
    note.textContent = "";
    try {
      const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
      await tellServer(button.dataset.url, token, await subscribe(button.dataset.key));
      location.reload();
    } catch (error) {
      note.textContent = error.name === "NotAllowedError" ? "The browser did not allow it." : error.message;
      await show();
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  button.hidden = false;
  await show();
}

const button = globalThis.document?.getElementById("push-switch");
if (button) start(button);
