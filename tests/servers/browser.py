"""Debian's chromium, driven by Playwright: what a person sees, and a failed test for what they should never see."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

from tests.servers.sessions import session_key

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
ACTION_TIMEOUT_SECONDS = 15


class Browsers:
    """Opens pages, each in a context of its own like another person's browser, and notes what goes wrong in them."""

    def __init__(self, playwright: Playwright, executable: Path, base_url: str) -> None:
        self._browser: Browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        self._base_url = base_url
        self._allowed: list[re.Pattern[str]] = []
        self._errors: list[str] = []

    def page(
        self,
        user: User | None = None,
        *,
        base_url: str = "",
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        **options: Any,
    ) -> Page:
        """A page of a new browser, signed in as the user where one is given. Sizes in CSS pixels."""
        context = self._browser.new_context(
            base_url=base_url or self._base_url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **options,
        )
        context.set_default_timeout(ACTION_TIMEOUT_SECONDS * 1000)
        if user is not None:
            sign_in(context, user, base_url or self._base_url)
        page = context.new_page()
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self._errors.append(f"uncaught error: {error}"))
        return page

    def allow_error(self, pattern: str) -> None:
        """Expect errors that match the regular expression, such as the answer 404 of a test about it."""
        self._allowed.append(re.compile(pattern))

    def errors(self) -> list[str]:
        """The errors of all pages so far (the console's, a broken Content-Security-Policy's) that none expected."""
        return [error for error in self._errors if not any(pattern.search(error) for pattern in self._allowed)]

    def close(self) -> None:
        self._browser.close()

    def _note_console(self, message: ConsoleMessage) -> None:
        # A test beside this one may make a network of its own, which Chromium takes for a change of ours.
        if message.type == "error" and "ERR_NETWORK_CHANGED" not in message.text:
            where = message.location.get("url", "") if message.location else ""
            self._errors.append(f"console: {message.text} ({where})")


def sign_in(context: BrowserContext, user: User, base_url: str) -> None:
    """Give the browser a session of the user, as the login page would."""
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_key(user), "url": base_url}])
