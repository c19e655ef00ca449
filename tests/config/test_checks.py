"""The system checks: each wrong setting is found, and the message names the fix."""

from collections.abc import Callable

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command

from config import checks

GOOD_PRODUCTION = {
    "DEBUG": False,
    "HOST": "0.0.0.0",  # noqa: S104 (a setting, nothing listens)
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": ["chowk.example.org"],
    "PUBLIC_URL": "https://chowk.example.org",
    "EMAIL_HOST": "smtp.example.org",
    "REGION": "in",
    "REGIONS": {"in": "https://in.chowk.example.org", "us": "https://us.chowk.example.org"},
    "SESSION_COOKIE_DOMAIN": "chowk.example.org",
}


def found(id: str) -> CheckMessage | None:
    return next((message for message in run_checks() if message.id == id), None)


@pytest.mark.parametrize(
    ("id", "wrong"),
    [
        ("chowk.E001", {"DEBUG": True}),
        ("chowk.E002", {"ALLOWED_HOSTS": ["*"]}),
        ("chowk.E003", {"SECRET_KEY": "short"}),
        ("chowk.E004", {"PUBLIC_URL": "chowk.example.org"}),
        ("chowk.E004", {"PUBLIC_URL": "https://chowk.example.org/"}),
        ("chowk.W001", {"PUBLIC_URL": "http://chowk.example.org"}),
        ("chowk.W002", {"EMAIL_HOST": ""}),
        ("chowk.E006", {"REGIONS": {"in": "in.chowk.example.org"}}),
        ("chowk.E007", {"REGION": "uk"}),
        ("chowk.W004", {"REGIONS": {"in": "https://in.chowk.example.com"}}),
        ("chowk.W004", {"SESSION_COOKIE_DOMAIN": None}),
    ],
)
def test_a_wrong_setting_is_found_with_its_fix(settings, id: str, wrong: dict[str, object]) -> None:
    for name, value in GOOD_PRODUCTION.items():
        setattr(settings, name, value)
    assert found(id) is None
    for name, value in wrong.items():
        setattr(settings, name, value)
    message = found(id)
    assert message is not None
    assert message.hint


def test_a_missing_sandbox_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.shutil, "which", lambda name: None)
    message = found("chowk.W003")
    assert message is not None
    assert not message.is_serious()
    assert "bubblewrap" in (message.hint or "")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("0.0.0.0", False), ("::", False)],  # noqa: S104 (asked about)
)
def test_loopback(host: str, loopback: bool) -> None:
    assert checks.is_loopback(host) is loopback


@pytest.mark.django_db
def test_public_passwords_in_production_are_an_error(settings, django_assert_max_num_queries: Callable) -> None:
    settings.DEBUG = False
    assert checks.production_has_no_demo_passwords(None, ["default"]) == []
    call_command("load_demo", "--force")
    [message] = checks.production_has_no_demo_passwords(None, ["default"])
    assert "asha" in message.msg
    settings.DEBUG = True
    assert checks.production_has_no_demo_passwords(None, ["default"]) == []
