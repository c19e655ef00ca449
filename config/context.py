"""What the frame around every page shows."""

from functools import cache, partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from chat.queries import rooms_of
from config import demo
from notifications.queries import unread_count
from payments.queries import balance_paise

STYLESHEETS = [
    f"chowk/css/{name}.css"
    for name in (
        "tokens", "base", "rail", "frame", "layout", "buttons",
        "forms", "tables", "cards", "states", "overlays", "code",
    )
]  # fmt: skip
BARE_STYLESHEETS = [f"chowk/css/{name}.css" for name in ("tokens", "base", "frame", "layout", "buttons", "states")]
"""What templates/bare.html uses."""
THEMES = ("light", "auto", "dark")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Callables are asked at most once a page, and only by the templates that use them."""
    # Error pages are drawn also for requests that came to no user.
    user = getattr(request, "user", AnonymousUser())
    theme = request.COOKIES.get("theme", "")
    return {
        "debug": settings.DEBUG,
        "region": settings.REGION,
        "regions_url": "/regions" if len(settings.REGIONS) > 1 else "",
        "stylesheets": STYLESHEETS,
        "theme": theme if theme in THEMES else "auto",
        "section": _section(request),
        "my_rooms": cache(partial(rooms_of, user)),
        "balance_paise": cache(partial(balance_paise, user)),
        "unread_count": cache(partial(unread_count, user)),
        "demo_people": _demo_people,
    }


def _demo_people() -> list[demo.Person]:
    """Who may be logged in as by their shown password: nobody outside a DEBUG run."""
    return demo.PEOPLE if settings.DEBUG and demo.is_loaded() else []


def _section(request: HttpRequest) -> str:
    """Which of the rail's places a page belongs to: its app's name, "contests", or "home"."""
    match = request.resolver_match
    if match is None:
        return ""
    if match.app_name == "judge" and match.url_name and match.url_name.startswith("contest"):
        return "contests"
    return match.app_name or match.url_name or ""
