"""docs/chat.md says what the code does."""

import re

import pytest
from django.conf import settings

from chat import calls, errors
from chat.consumers import ChatConsumer
from chat.roles import TABLE, Action, Standing

DOCS = (settings.BASE_DIR / "docs" / "chat.md").read_text()


def test_the_table_of_roles_is_that_of_the_code() -> None:
    [heads] = [line for line in DOCS.splitlines() if line.startswith("| | owner")]
    standings = [Standing(head.strip()) for head in heads.split("|")[2:-1]]
    rows = {
        Action(found[1]): {s for s, cell in zip(standings, found[2].split("|"), strict=True) if cell.strip() == "yes"}
        for found in re.finditer(r"^\| [^|]*\(`(\w+)`\) \|(.*)\|$", DOCS, re.MULTILINE)
    }
    assert rows == TABLE


def test_every_call_is_listed() -> None:
    listed = set(re.findall(r"`(chat\.\w+)`", DOCS.split("## Calls")[1].split("## Refusals")[0]))
    spoken = {name for name in ChatConsumer.rpc_methods if name.startswith("chat.")} | set(calls.CALLS)
    assert listed == spoken


@pytest.mark.parametrize("error", errors.ChatError.__subclasses__(), ids=lambda error: error.code)
def test_every_refusal_is_listed(error) -> None:
    assert f"| `{error.code}` | {error.status} |" in DOCS
