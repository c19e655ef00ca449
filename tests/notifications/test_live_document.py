"""docs/live.md: its client works as it stands there, and it names all that the code can answer."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from notifications import consumers
from notifications.consumers import StreamConsumer
from notifications.streams import calls, http, rpc
from tests.chat.factories import make_room, make_user
from tests.servers.processes import PROJECT_DIR
from tests.servers.web import WebServer

DOCUMENT = (PROJECT_DIR / "docs" / "live.md").read_text()


@pytest.fixture
def client(tmp_path: Path) -> Path:
    path = tmp_path / "client.py"
    code = re.search(r"```python\n(.+?)```", DOCUMENT, re.S)
    assert code is not None
    path.write_text(code[1])
    return path


def test_the_client_of_the_document_works(daphne: WebServer, client: Path) -> None:
    people = [make_user("asha"), make_user("ravi")]
    for person in people:
        person.set_password("sesame-open-9")
        person.save()
    room = make_room(*people)
    processes = [
        subprocess.Popen(
            [sys.executable, client, daphne.url, person.username, "sesame-open-9", str(room.pk), "one", "two"],
            env={**os.environ, "COUNT": "4"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for person in people
    ]
    hers, his = (process.communicate(timeout=60)[0].splitlines() for process in processes)
    assert hers == his
    for name in ("asha", "ravi"):
        assert [line for line in hers if line.startswith(name)] == [f"{name} one", f"{name} two"]


def test_the_client_of_the_document_is_told_what_is_refused(daphne: WebServer, client: Path) -> None:
    asha = make_user("asha")
    asha.set_password("sesame-open-9")
    asha.save()
    done = subprocess.run(
        [sys.executable, client, daphne.url, "asha", "sesame-open-9", "999999", "one"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    # It subscribes and sends at once; either answer may come first.
    assert done.stderr.strip() in ("There is no such stream.", "There is no such room.")


def test_every_method_error_and_close_code_is_there() -> None:
    numbers = [value for name, value in vars(rpc).items() if name.isupper() and isinstance(value, int) and value < 0]
    close_codes = [consumers.TOO_BIG, consumers.RESTARTING, consumers.SIGN_IN, consumers.TOO_SLOW]
    refusals = [calls.SignInRequired, calls.ForeignOrigin, calls.TooLarge, http.BadRequest, http.MethodNotAllowed]
    assert len(numbers) == 7
    for word in [
        *(f"| {number} |" for number in [*numbers, *close_codes, *(refusal.status for refusal in refusals)]),
        *(f"`{name}`" for name in [*StreamConsumer.rpc_methods, *(refusal.code for refusal in refusals)]),
    ]:
        assert word in DOCUMENT, word
