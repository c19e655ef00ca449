"""The part of LaTeX that problem statements of the legacy format use, as Markdown."""

import re

_ENVIRONMENTS = {"itemize": "-", "enumerate": "1."}


def to_markdown(text: str) -> str:
    """Statements are mostly paragraphs, headings, lists and maths; what is not known stays as it is."""
    text = re.sub(r"(?<!\\)%.*", "", text)
    text = re.sub(r"\\problemname\{([^{}]*)\}\s*", "", text)
    text = re.sub(r"\\section\*?\{([^{}]*)\}", r"\n## \1\n", text)
    text = re.sub(r"\\subsection\*?\{([^{}]*)\}", r"\n### \1\n", text)
    text = re.sub(r"\\(?:emph|textit)\{([^{}]*)\}", r"*\1*", text)
    text = re.sub(r"\\textbf\{([^{}]*)\}", r"**\1**", text)
    text = re.sub(r"\\texttt\{([^{}]*)\}", r"`\1`", text)
    text = re.sub(r"\\begin\{(itemize|enumerate)\}(.*?)\\end\{\1\}", _as_list, text, flags=re.S)
    text = re.sub(r"\\\((.*?)\\\)", r"$\1$", text, flags=re.S)
    text = re.sub(r"\\\[(.*?)\\\]", r"$$\1$$", text, flags=re.S)
    text = text.replace("``", "“").replace("''", "”").replace("~", " ").replace("---", "—").replace("--", "–")
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _as_list(found: re.Match[str]) -> str:
    mark = _ENVIRONMENTS[found[1]]
    items = [" ".join(item.split()) for item in found[2].split("\\item")[1:]]
    return "\n\n" + "\n".join(f"{mark} {item}" for item in items) + "\n\n"
