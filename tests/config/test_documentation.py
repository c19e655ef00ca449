"""The documentation and the code speak of the same things."""

import re
from pathlib import Path

import pytest

from tests.servers.processes import PROJECT_DIR

APPS = ["config", "chat", "payments", "judge", "notifications"]
READS = re.compile(r"""(?:env_\w+|os\.environ\.get)\(\s*["'](\w+)["']""")
NOT_OURS = {"PATH", "LOGNAME", "HOME"}


def variables_read() -> set[str]:
    sources = [path.read_text() for app in APPS for path in (PROJECT_DIR / app).rglob("*.py")]
    return {name for source in sources for name in READS.findall(source)} - NOT_OURS


def variables_documented() -> set[str]:
    names: set[str] = set()
    for line in (PROJECT_DIR / "docs" / "configuration.md").read_text().splitlines():
        if line.startswith("| `"):
            names.update(re.findall(r"`([A-Z][A-Z0-9_]+)`", line.split("|")[1]))
    return names


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    read, documented = variables_read(), variables_documented()
    assert len(read) > 20
    assert read - documented == set(), "read by the code, but not in docs/configuration.md"
    assert documented - read == set(), "in docs/configuration.md, but read by no code"


def pages() -> list[Path]:
    return [*PROJECT_DIR.glob("*.md"), *(PROJECT_DIR / "docs").glob("**/*.md")]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    broken = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert broken == []
