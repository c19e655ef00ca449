"""The frame around every page: the theme without a flash, the places of the rail, the design system's page."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

pytestmark = pytest.mark.one_database


@pytest.fixture
def asha(db: None) -> User:
    return User.objects.create_user("asha", password="x", first_name="Asha", last_name="Rao")


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_the_page_is_drawn_in_the_remembered_theme(client: Client, db: None, theme: str) -> None:
    answer = client.post("/theme/", {"theme": theme, "next": "/accounts/login/"})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    assert answer.cookies["theme"]["max-age"] == 365 * 24 * 3600
    assert f'data-theme="{theme}"' in client.get("/").content.decode()


def test_an_unknown_theme_is_refused_and_a_forged_cookie_ignored(client: Client, db: None) -> None:
    assert client.post("/theme/", {"theme": '"><script>'}).status_code == 400
    assert client.get("/theme/").status_code == 405
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in client.get("/").content.decode()


def test_the_theme_switch_leads_back_to_this_site_alone(client: Client, db: None) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": "https://evil.example/"})["Location"] == "/"


def test_a_signed_in_page_shows_the_places_and_a_stranger_the_way_in(client: Client, asha: User) -> None:
    assert "/accounts/signup/" in client.get("/").content.decode()
    client.force_login(asha)
    page = client.get("/inbox/").content.decode()
    for place in ("/rooms/", "/wallet/", "/judge/", "/inbox/"):
        assert f'href="{place}"' in page
    for link in ("rail__link", "dock__link"):
        [marked] = re.findall(rf'<a class="{link}"[^>]*aria-current="page"', page)
        assert 'href="/inbox/"' in marked
    assert "/accounts/signup/" not in page


def test_the_design_page_is_for_debug_runs_alone(client: Client, db: None, settings: Settings) -> None:
    settings.DEBUG = True
    assert client.get("/design/").status_code == 200
    settings.DEBUG = False
    assert client.get("/design/").status_code == 404


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (settings.BASE_DIR / "static/chowk/img/icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = re.compile(r'{% icon "([^"]+)"|"_empty.html" with name="([^"]+)"')
    missing = {
        f"{template.name}: {name}"
        for template in (settings.BASE_DIR / "templates").rglob("*.html")
        for pair in named.findall(template.read_text())
        for name in pair
        if name and name not in drawn
    }
    assert missing == set()


def test_each_component_of_the_guide_has_its_rule() -> None:
    guide = (settings.BASE_DIR / "docs/design-system.md").read_text()
    sheets = "".join(sheet.read_text() for sheet in (settings.BASE_DIR / "static/chowk/css").glob("*.css"))
    used = {name for group in re.findall(r'class="([a-z_ -]+)"', guide) for name in group.split()}
    assert {name for name in used if f".{name}" not in sheets} == set()
