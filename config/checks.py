"""System checks: each says what is wrong with the settings or the machine, and the fix."""

import ipaddress
import shutil
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

Apps = Sequence[AppConfig] | None

MIN_SECRET_KEY_CHARACTERS = 40


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@register(Tags.security)
def debug_stays_on_loopback(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """A DEBUG run shows the demo world's passwords and its own settings, so no one else may reach it."""
    if not settings.DEBUG or is_loopback(settings.HOST):
        return []
    return [
        Error(
            f"DEBUG=1 with HOST={settings.HOST} would show this machine's settings and the demo passwords to others.",
            hint="set DEBUG=0 to serve others, or HOST=127.0.0.1 to develop",
            id="chowk.E001",
        )
    ]


@register(Tags.security)
def production_names_its_hosts(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Outside DEBUG, the hosts and the public address are the operator's to name."""
    if settings.DEBUG:
        return []
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS=* lets a stranger's link carry any host name into our e-mails.",
                hint="name the hosts: ALLOWED_HOSTS=chowk.example.org",
                id="chowk.E002",
            )
        )
    if len(settings.SECRET_KEY) < MIN_SECRET_KEY_CHARACTERS:
        found.append(
            Error(
                f"SECRET_KEY has fewer than {MIN_SECRET_KEY_CHARACTERS} characters, so sessions could be forged.",
                hint="python3 -c 'import secrets; print(secrets.token_urlsafe(50))' makes one; "
                "unset, Chowk makes its own under var/",
                id="chowk.E003",
            )
        )
    if not is_loopback(settings.HOST) and not settings.PUBLIC_URL.startswith("https://"):
        found.append(
            Warning(
                f"PUBLIC_URL={settings.PUBLIC_URL} is not https, so passwords and sessions travel in the clear.",
                hint="put Chowk behind nginx with a certificate (docs/deploy.md) and set PUBLIC_URL=https://…",
                id="chowk.W001",
            )
        )
    if not settings.EMAIL_HOST:
        found.append(
            Warning(
                "No EMAIL_HOST is set, so e-mails go to files under var/mailbox and reach no one.",
                hint="set EMAIL_HOST, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD",
                id="chowk.W002",
            )
        )
    return found


@register(Tags.security)
def public_url_is_an_address(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Links in e-mails and the CSRF check build on PUBLIC_URL."""
    if _is_address(settings.PUBLIC_URL):
        return []
    return [
        Error(
            f"PUBLIC_URL={settings.PUBLIC_URL} is not an address such as https://chowk.example.org.",
            hint="write the scheme and the host (and a port), and no slash at the end",
            id="chowk.E004",
        )
    ]


@register(Tags.security)
def regions_are_addresses_of_one_site(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """A page opens its socket to the nearest region, and only the session cookie says there who it is."""
    if not settings.REGIONS:
        return []
    found: list[CheckMessage] = []
    wrong = [url for url in settings.REGIONS.values() if not _is_address(url)]
    if wrong:
        found.append(
            Error(
                f"REGIONS has {wrong[0]}, which is not an address such as https://in.chowk.example.org.",
                hint="write name=scheme://host pairs, and no slash at the end",
                id="chowk.E006",
            )
        )
    if settings.REGION not in settings.REGIONS:
        found.append(
            Error(
                f"REGION={settings.REGION} is not among REGIONS ({', '.join(settings.REGIONS)}).",
                hint="set REGION to the name of the region that this server stands in",
                id="chowk.E007",
            )
        )
    unreached = [url for url in settings.REGIONS.values() if not _gets_the_cookie(urlsplit(url).hostname or "")]
    if not wrong and unreached:
        found.append(
            Warning(
                f"Sessions of {settings.PUBLIC_URL} do not hold at {unreached[0]}, so nobody can connect there.",
                hint="make the regions sub-domains of one domain, and set SESSION_COOKIE_DOMAIN to it",
                id="chowk.W004",
            )
        )
    return found


def _gets_the_cookie(host: str) -> bool:
    domain = (settings.SESSION_COOKIE_DOMAIN or "").lstrip(".")
    if domain:
        return host == domain or host.endswith(f".{domain}")
    return host == urlsplit(settings.PUBLIC_URL).hostname


def _is_address(url: str) -> bool:
    scheme, separator, rest = url.partition("://")
    return bool(scheme in ("http", "https") and separator and rest and "/" not in rest)


@register()
def sandbox_is_there(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """The judge runs nothing outside bubblewrap; everything else works without."""
    if shutil.which("bwrap"):
        return []
    return [
        Warning(
            "bwrap is missing: submissions wait until it is there, as nothing runs outside the sandbox.",
            hint="sudo apt-get install bubblewrap",
            id="chowk.W003",
        )
    ]


@register(Tags.database)
def production_has_no_demo_passwords(
    app_configs: Apps, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The demo world's passwords are printed in its source, so none may open a production run."""
    if settings.DEBUG or not databases:
        return []
    from django.db import DatabaseError

    from config.demo import people_with_public_passwords

    try:
        usernames = people_with_public_passwords()
    except DatabaseError:
        return []  # before the first migration there is no one
    if not usernames:
        return []
    return [
        Error(
            f"The demo world's passwords, which anyone can read, open {', '.join(usernames)} in this production run.",
            hint=f"manage.py changepassword {usernames[0]} (and the others), or use another database",
            id="chowk.E005",
        )
    ]
