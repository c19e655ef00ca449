"""Statements and editorials: Markdown with $maths$ to safe HTML; MathML needs no script and no font."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

_MATHML = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot",
    "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom", "mstyle", "mmultiscripts",
}  # fmt: skip
_MATHML_ATTRIBUTES = {
    "display", "mathvariant", "stretchy", "form", "fence", "separator", "accent", "accentunder",
    "columnalign", "rowspacing", "columnspacing", "width", "lspace", "rspace", "minsize", "maxsize", "linethickness",
    "displaystyle", "scriptlevel",
}  # fmt: skip

FORMULA_CHARS = 2000


@lru_cache(maxsize=512)
def render_markdown(text: str) -> str:
    """The text as HTML that is safe to put into a page."""
    return _cleaner.clean(_markdown.render(text))


@lru_cache(maxsize=256)
def highlight_source(source: str, lexer: str) -> str:
    """The code as HTML with classes of Pygments."""
    return highlight(source, get_lexer_by_name(lexer), HtmlFormatter(cssclass="highlight", nowrap=False))


def _render_formula(formula: str, options: Mapping[str, Any]) -> str:
    display = bool(options.get("display_mode"))
    if len(formula) <= FORMULA_CHARS:
        try:
            return convert(formula, display="block" if display else "inline")
        except Exception:  # noqa: S110  # the converter raises whatever it stumbles over
            pass
    return f"<code>{escapeHtml(formula)}</code>"


_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
_markdown.use(dollarmath_plugin, allow_space=False, double_inline=True, renderer=_render_formula)

_cleaner = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS | _MATHML | {"section"},
    attributes={
        **{tag: set(attributes) for tag, attributes in nh3.ALLOWED_ATTRIBUTES.items()},
        **dict.fromkeys(_MATHML, _MATHML_ATTRIBUTES),
    },
    allowed_classes={"span": {"math", "inline"}, "div": {"math", "block"}},
    url_schemes={"http", "https", "mailto"},
)
