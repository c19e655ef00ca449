"""Settings from the environment: each helper names the variable in its error."""

import json
import os
import shlex
from pathlib import Path
from typing import Any


class SettingError(ValueError):
    """A variable of the environment has a value that Chowk cannot use."""


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_map(name: str) -> dict[str, str]:
    """`in=https://in.example.org,us=https://us.example.org` as a mapping, in that order."""
    pairs = [part.partition("=") for part in env_list(name)]
    if not all(key.strip() and equals and value.strip() for key, equals, value in pairs):
        raise SettingError(f"{name} must be name=value pairs with commas between them, not {env_str(name)!r}")
    return {key.strip(): value.strip() for key, _, value in pairs}


def env_int(name: str, default: int) -> int:
    text = env_str(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise SettingError(f"{name} must be a whole number, not {text!r}") from None


def env_bool(name: str, *, default: bool) -> bool:
    text = env_str(name, "1" if default else "0").lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise SettingError(f"{name} must be 1 or 0, not {text!r}")


def load_env_file(path: Path) -> None:
    """Set the variables of a file of NAME=value lines where the environment does not set them itself.

    Raises:
        SettingError: a line is neither that, nor empty, nor a comment.
    """
    try:
        lines = path.read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return
    for number, line in enumerate(lines, start=1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            words = [line]
        if not words:
            continue
        name, equals, value = " ".join(words).removeprefix("export ").partition("=")
        if not equals or not name.isidentifier():
            raise SettingError(f"{path}, line {number}: write NAME=value")
        os.environ.setdefault(name, value)


def env_json(name: str) -> dict[str, Any]:
    text = env_str(name, "{}")
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SettingError(f'{name} must be a JSON object such as {{"API_KEY": "…"}}')
    return value
