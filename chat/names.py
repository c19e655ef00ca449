"""Names that people give to rooms, webhooks and files: one line, nothing invisible, nothing that turns the writing."""

import unicodedata

_JOINERS = "\u200c\u200d"
"""Zero width, and yet letters need them: Indic scripts, and emoji of several parts."""


def clean_name(text: str) -> str:
    """The text on one line without control and format characters, which could hide or reorder what stands beside it.

    Empty where nothing visible is left.
    """
    visible = "".join(" " if c.isspace() else c for c in text if not _is_hidden(c))
    return " ".join(visible.split()) if any(c not in _JOINERS and not c.isspace() for c in visible) else ""


def _is_hidden(character: str) -> bool:
    if character.isspace() or character in _JOINERS:
        return False
    return unicodedata.category(character)[0] == "C"
