"""Markdown in, safe HTML out."""

import random
import re
import time
from html.parser import HTMLParser

import pytest

from chat import rendering
from chat.rendering import excerpt, names_in, plain, render

ALLOWED_SCHEMES = ("http:", "https:", "mailto:")


class Reader(HTMLParser):
    """The tags and attributes that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](java\nscript:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox(1))",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://example.org/pixel.png)",
    '[a](https://example.org "onmouseover=alert(1) x=")',
    '[a](https://example.org/"onmouseover="alert(1))',
    '```"><script>alert(1)</script>\ncode\n```',
    "```python' onload='alert(1)\ncode\n```",
    "`<script>alert(1)</script>`",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style>",
    "<iframe src=//example.org></iframe>",
    "<form action=//example.org><button>x</button></form>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "[ref]\n\n[ref]: javascript:alert(1)",
    "@<script>alert(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_text_stays_text(body) -> None:
    html = render(body, {"<script>": 1}).html
    for tag, attributes in Reader(html).tags:
        assert tag in {"p", "a", "pre", "code", "span", "br", "em", "strong"}, html
        assert set(attributes) <= {"href", "title", "rel", "target", "class", "data-language", "data-user", "tabindex"}
        assert (attributes.get("href") or "https:").startswith(ALLOWED_SCHEMES), html


@pytest.mark.parametrize(
    "body",
    [
        "*" * 8192,
        "[" * 8192,
        "> " * 4096,
        "- " * 4096,
        "![](" * 2048,
        "`" * 8191 + "a",
        "_a*" * 2700,
        "|a" * 2000 + "\n" + "|-" * 2000,
        "|a" * 300 + "\n" + "|-" * 300 + "\n|" * 3000,
        "http://" * 1170,
        "@a" * 4096,
        "```perl\n" + "/" * 8100,
        "```html\n" + "<a " * 2700,
        "```js\n" + "`${" * 2700,
        "```yaml\n" + "- " * 4000,
        "```sql\n" + "/*" * 4000,
    ],
)
def test_no_text_takes_long_or_grows_beyond_measure(body) -> None:
    start = time.thread_time()
    html = render(body).html
    assert time.thread_time() - start < 1
    assert len(html) < 1_000_000


def test_code_is_highlighted_by_class_and_never_by_style() -> None:
    html = render("```py\ndef f(): return 1\n```").html
    assert '<pre class="highlight" data-language="python" tabindex="0">' in html
    assert '<span class="k">def</span>' in html
    assert "style" not in html
    assert "<span" not in render("```brainfuck\n+++\n```").html


def test_what_a_chat_needs_is_rendered() -> None:
    html = render("one\ntwo ~~three~~ :tada: https://example.org/a?b=1 `x`\n\n- list\n\n# Big").html
    for part in ("one<br>", "<s>three</s>", "🎉", 'href="https://example.org/a?b=1"', "<code>x</code>", "<ul>"):
        assert part in html
    assert "<h1>" not in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_mentions_are_of_known_people_in_plain_text_alone() -> None:
    body = "@asha, @asha. @nobody `@ravi` [@ravi](https://example.org) ravi@example.org @room"
    rendered = render(body, {"asha": 3, "ravi": 4})
    assert rendered.user_ids == {3}
    assert rendered.mentions_room
    assert rendered.html.count('<span class="mention" data-user="3">@asha</span>') == 2
    assert "@nobody" in rendered.html


def test_a_name_with_a_dot_is_told_from_the_end_of_a_sentence() -> None:
    assert {"a.b", "a.b."} <= names_in("ask @a.b.")
    assert render("ask @a.b.", {"a.b": 1}).html == '<p>ask <span class="mention" data-user="1">@a.b</span>.</p>\n'


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt("a\n\n b") == "a b"
    assert excerpt("> so **bold** `code`\n```py\nx = 1\n```") == "so bold code x = 1"
    assert excerpt("a" * 200, max_chars=10) == "a" * 9 + "…"


def test_the_columns_of_a_table_keep_their_alignment_without_styles() -> None:
    html = render("|a|b|c|d|\n|:-|-:|:-:|-|\n|1|2|3|4|").html
    assert '<th class="align-right">b</th>' in html
    assert '<td class="align-left">1</td>' in html
    assert '<td class="align-center">3</td>' in html
    assert "<td>4</td>" in html
    assert "style" not in html


def test_plain_lines_are_what_markdown_makes_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    alphabet = "aZé9क१_%|'(),.!? -*#>+:/&\"\\`~[]<=\t\n@"
    lines = ["".join(chance.choices(alphabet, k=chance.randint(1, 9))).strip() for _ in range(4000)]
    lines += ["".join(chance.choices("ab12 ,.!?'()%|", k=9)).strip() for _ in range(4000)]
    at_once = {line: render(line) for line in lines}
    plain_lines = [line for line in at_once if rendering._PLAIN.fullmatch(line)]
    monkeypatch.setattr(rendering, "_PLAIN", re.compile("(?!)"))

    assert len(plain_lines) > 1000
    assert {line: render(line) for line in plain_lines} == {line: at_once[line] for line in plain_lines}


def test_an_excerpt_says_what_is_seen_not_how_it_is_written() -> None:
    assert excerpt("took me *four* or _five_ [tries](https://a.example/x)") == "took me four or five tries"
    assert (
        excerpt("a * b * c, __init__ and snake_case_name, 2*3*4") == "a * b * c, __init__ and snake_case_name, 2*3*4"
    )


def test_the_text_of_a_message_keeps_words_apart_and_stops_at_their_words() -> None:
    shown = render("Nothing yet, @kabir. **So**!\n\n- one\n- two", {"kabir": 3}).html
    assert " ".join(plain(shown).split()) == "Nothing yet, @kabir. So! one two"
