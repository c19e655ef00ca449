"""The words of every kind: complete on each of its channels, in every language, with nothing left unsaid."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import engines
from django.template.loader import get_template

from notifications import kinds
from notifications.models import Contact
from notifications.rendering import render_sample

pytestmark = pytest.mark.django_db

KINDS = [pytest.param(kind, id=kind.name) for kind in kinds.all_kinds()]
DEVANAGARI = re.compile(r"[\u0900-\u097f]")
OTHER_LANGUAGES = [code for code in Contact.Language.values if code != "en"]


@pytest.fixture
def strict_templates() -> Iterator[None]:
    """A variable that is missing shows as such instead of as nothing."""
    engine = engines["django"].engine  # type: ignore[attr-defined]
    before, engine.string_if_invalid = engine.string_if_invalid, "MISSING(%s)"
    yield
    engine.string_if_invalid = before


@pytest.mark.parametrize("language", Contact.Language.values)
@pytest.mark.parametrize("kind", KINDS)
def test_no_variable_is_missing(kind: kinds.Kind, language: str, strict_templates: None) -> None:
    for channel in {*kind.channels, "push"}:
        words = render_sample(channel, kind, language=language)
        said = f"{words.subject}\n{words.body}\n{words.html}"
        assert "MISSING(" not in said
        assert words.subject
        assert words.body.strip() or channel == "push"
        if channel == "email":
            assert f'<html lang="{language}">' in words.html


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_that_has_words_has_them_in_every_language(kind: kinds.Kind, language: str) -> None:
    folder = Path(get_template(f"{kind.templates}/subject.txt").origin.name).parent
    for template in folder.glob("*.*"):
        if has_words(template.read_text()):
            translated = folder / language / template.name
            assert translated.exists(), f"{translated} is missing"
            assert DEVANAGARI.search(translated.read_text())


def has_words(template: str) -> bool:
    """Whether it says anything by itself, beside what its variables do."""
    return bool(re.search(r"[a-z]", re.sub(r"{%.*?%}|{{.*?}}|<.*?>", "", template, flags=re.DOTALL)))


def test_a_kind_without_html_goes_in_the_frame_of_all_e_mails() -> None:
    plain = next(kind for kind in kinds.all_kinds() if kind.name == "transfer_received")
    html = render_sample("email", plain, language="hi").html
    assert "<h1" in html
    assert "Ravi Kumar ने आपको ₹1,250.00 भेजे" in html
    assert "ऐसे ई-मेल बंद करें" in html
