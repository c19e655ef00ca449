// The theme switch without a reload; the server reads the same cookie for the next page. Without this it is a form.

export const THEMES = ["light", "auto", "dark"];
const ONE_YEAR_SECONDS = 31536000;

export function themeCookie(theme, secure) {
  return `theme=${theme}; path=/; max-age=${ONE_YEAR_SECONDS}; samesite=lax${secure ? "; secure" : ""}`;
}

export function listenForTheme(document) {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-theme-switch]")) return;
    const theme = event.submitter?.value;
    if (!THEMES.includes(theme)) return;
    event.preventDefault();
    document.documentElement.dataset.theme = theme;
    document.cookie = themeCookie(theme, location.protocol === "https:");
    for (const button of document.querySelectorAll("[data-theme-switch] button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  });
}
