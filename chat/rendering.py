"""Markdown to safe HTML, once, when a message is written: what is stored is what every screen shows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape

import nh3
from django.utils.html import strip_tags
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

from chat.emoji import SHORTCODES

ROOM_MENTION = "room"
"""`@room` speaks to all members, from those whom the table allows it."""

# The sanitiser escapes what people wrote, so that in its output only a mention looks like this.
_ROOM_SPAN = f'<span class="mention" data-user="{ROOM_MENTION}">@{ROOM_MENTION}</span>'

LANGUAGES = {
    "bash": "bash", "sh": "bash", "shell": "bash", "console": "console", "c": "c", "cpp": "cpp", "c++": "cpp",
    "csharp": "csharp", "cs": "csharp", "css": "css", "diff": "diff", "docker": "docker", "dockerfile": "docker",
    "go": "go", "haskell": "haskell", "hs": "haskell", "html": "html", "ini": "ini", "java": "java",
    "javascript": "javascript", "js": "javascript", "json": "json", "kotlin": "kotlin", "kt": "kotlin", "lua": "lua",
    "make": "make", "ocaml": "ocaml", "perl": "perl", "php": "php", "py": "python", "python": "python",
    "python3": "python", "r": "r", "ruby": "ruby", "rb": "ruby", "rust": "rust", "rs": "rust", "scala": "scala",
    "sql": "sql", "swift": "swift", "toml": "toml", "ts": "typescript", "typescript": "typescript", "xml": "xml",
    "yaml": "yaml", "yml": "yaml",
}  # fmt: skip
"""The names after a fence that are highlighted: a list of its own, so that no exotic lexer meets hostile text."""

MAX_TABLE_CELLS = 4000
"""Short rows are filled up to the width of the first: 8 KiB could else become a table of 65,536 cells."""

# One line of words, numbers and stops, which is most of what people say: Markdown would change nothing about it.
_PLAIN = re.compile(r"(?!\d+[.)])(?:[^\W_]|%)(?:[^\W_]|[ ,.!?'()%|])*")

_MENTION = re.compile(r"(?<![\w@/.+-])@([\w.+-]{1,150})")
_MARKS = re.compile(r"^ {0,3}(?:```.*$|>+ ?|#{1,6} )|\*\*|~~|`", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]+)\]\([^()\s]+\)")
_EMPHASIS = re.compile(r"(?<![\w*_])([*_])(?=[^\s*_])([^\n]+?)(?<=[^\s*_])\1(?![\w*_])")
_BLOCK_END = re.compile(r"</(?:p|li|td|th|pre|blockquote)>|<[bh]r>")
_SHORTCODE = re.compile(r":([a-z0-9_+-]{2,30}):")
_SIDES = {"left", "center", "right"}
_ALIGNMENTS = {f"align-{side}" for side in _SIDES}
_PYGMENTS_CLASSES = {css for css in STANDARD_TYPES.values() if css}


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML that is safe to put into a page, and whom the text speaks to."""

    html: str
    user_ids: frozenset[int]
    mentions_room: bool

    @classmethod
    def nothing(cls) -> "Rendered":
        return cls("", frozenset(), mentions_room=False)

    def without_room(self) -> "Rendered":
        """The same with @room as plain text: its writer may not call everyone."""
        return Rendered(self.html.replace(_ROOM_SPAN, f"@{ROOM_MENTION}"), self.user_ids, mentions_room=False)


def names_in(body: str) -> set[str]:
    """The names that the text may be mentioning: a superset, to look up before `render`."""
    if "@" not in body:
        return set()
    found = set(_MENTION.findall(body))
    return found | {name.rstrip(".+-") for name in found}


def render(body: str, people: Mapping[str, int] | None = None) -> Rendered:
    """Render a message's Markdown; `people` maps the usernames that may be mentioned to user ids."""
    if _PLAIN.fullmatch(body):
        return Rendered(f"<p>{body}</p>\n", frozenset(), mentions_room=False)
    env: EnvType = {"people": people or {}, "user_ids": set(), "mentions_room": False}
    markdown = _markdown if _cells_at_most(body) <= MAX_TABLE_CELLS else _markdown_without_tables
    html = _cleaner.clean(markdown.render(body, env))
    return Rendered(html, frozenset(env["user_ids"]), env["mentions_room"])


def excerpt(body: str, *, max_chars: int = 120) -> str:
    """The start of a message as one line of plain text without Markdown's marks, for quotes and notifications."""
    line = " ".join(_EMPHASIS.sub(r"\2", _LINK.sub(r"\1", _MARKS.sub("", body))).split())
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"


def plain(html: str) -> str:
    """The text of a rendered message, as one sees it."""
    return unescape(strip_tags(_BLOCK_END.sub(" ", html)))


def _cells_at_most(body: str) -> int:
    lines = body.split("\n")
    return max(line.count("|") for line in lines) * len(lines)


def _split_text(state: StateCore) -> None:
    """Turn `@name` of known people and `:shortcode:` in plain text into tokens of their own."""
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        if "@" not in block.content and ":" not in block.content:
            continue
        children: list[Token] = []
        depth = 0  # inside a link nothing is a mention
        for token in block.children:
            depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            if token.type == "text" and not depth:
                children.extend(_pieces(token, state.env))
            else:
                children.append(token)
        block.children = children


def _pieces(token: Token, env: EnvType) -> Iterable[Token]:
    content = _SHORTCODE.sub(lambda found: SHORTCODES.get(found[1], found[0]), token.content)
    start = 0
    for found in _MENTION.finditer(content):
        name = found[1]
        if name not in env["people"] and name != ROOM_MENTION:
            name = name.rstrip(".+-")
        user_id = env["people"].get(name)
        if user_id is None and name != ROOM_MENTION:
            continue
        if found.start() > start:
            yield _text(content[start : found.start()], token.level)
        yield Token("mention", "span", 0, content=name, meta={"user_id": user_id}, level=token.level)
        if user_id is None:
            env["mentions_room"] = True
        else:
            env["user_ids"].add(user_id)
        start = found.start() + 1 + len(name)
    if start < len(content):
        yield _text(content[start:], token.level)


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)


def _render_mention(
    renderer: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    user_id = token.meta["user_id"]
    who = ROOM_MENTION if user_id is None else str(user_id)
    return f'<span class="mention" data-user="{who}">@{escapeHtml(token.content)}</span>'


def _render_heading(
    renderer: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # A heading of a message is none of the page's outline.
    return '<p class="md-heading">' if tokens[index].nesting == 1 else "</p>\n"


def _render_fence(renderer: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    named = token.info.split(maxsplit=1)[0].lower() if token.info.strip() else ""
    language = LANGUAGES.get(named, "")
    if language:
        code = highlight(token.content, get_lexer_by_name(language, stripnl=False), _formatter)
    else:
        code = escapeHtml(token.content)
    return f'<pre class="highlight" data-language="{language}"><code>{code}</code></pre>\n'


def _render_cell(renderer: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A cell's alignment as a class: the sanitiser passes no styles."""
    token = tokens[index]
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f'<{token.tag} class="align-{side}">' if side in _SIDES else f"<{token.tag}>"


def _make_markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": True, "maxNesting": 12})
    markdown.enable(["strikethrough", "table", "linkify"])
    # Pictures from elsewhere would tell their servers who reads: `![x](url)` stays a link.
    markdown.disable(["image", "html_block", "html_inline"])
    if markdown.linkify is not None:
        markdown.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    markdown.core.ruler.after("linkify", "split_text", _split_text)
    markdown.add_render_rule("mention", _render_mention)
    markdown.add_render_rule("heading_open", _render_heading)
    markdown.add_render_rule("heading_close", _render_heading)
    markdown.add_render_rule("th_open", _render_cell)
    markdown.add_render_rule("td_open", _render_cell)
    markdown.add_render_rule("fence", _render_fence)
    markdown.add_render_rule("code_block", _render_fence)
    return markdown


_formatter: HtmlFormatter = HtmlFormatter(nowrap=True)
_markdown = _make_markdown()
_markdown_without_tables = _make_markdown().disable("table")
# The last word on what reaches a page: what is not named here does not pass, whatever the renderer did.
_cleaner = nh3.Cleaner(
    tags={
        "p", "br", "hr", "strong", "em", "s", "code", "pre", "span", "a", "ul", "ol", "li", "blockquote",
        "table", "thead", "tbody", "tr", "th", "td",
    },
    attributes={"a": {"href", "title"}, "ol": {"start"}, "pre": {"data-language"}, "span": {"data-user"}},
    allowed_classes={
        "p": {"md-heading"}, "pre": {"highlight"}, "span": {"mention", *_PYGMENTS_CLASSES},
        "th": _ALIGNMENTS, "td": _ALIGNMENTS,
    },
    set_tag_attribute_values={"a": {"target": "_blank"}, "pre": {"tabindex": "0"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)  # fmt: skip
