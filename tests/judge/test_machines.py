"""Big and small judge machines, as `make judge-big` and `make judge-small` run them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from judge.models import Submission
from judge.sandbox import health
from tests.judge.factories import make_submission
from tests.servers.processes import PROJECT_DIR, ServerProcess, child_environment, wait_until
from tests.servers.redis import RedisServer
from tests.settings import TEST_DIR

Machine = Callable[[str], ServerProcess]


@pytest.fixture
def machine(transactional_db: None, redis_server: RedisServer) -> Iterator[Machine]:
    """`machine("big")`: a judge machine on the test database, with its workers listening."""
    started: list[ServerProcess] = []

    def start(kind: str) -> ServerProcess:
        # Of no use to the tests' own settings, which know their database; asked for all the same.
        url = os.environ.get("DATABASE_URL", f"sqlite:///{TEST_DIR}/unused.sqlite3")
        command = [sys.executable, "-m", "config.judge_machine", kind]
        process = ServerProcess(
            "machine", command, environment=child_environment(DATABASE_URL=url, JUDGE_PRECOMPILED_HEADERS="0")
        )
        started.append(process)
        process.wait_until(lambda: "Listening on" in process.output(), seconds=60)
        return process

    yield start
    for process in started:
        process.stop()


def all_done() -> bool:
    return not Submission.objects.exclude(state="done").exists()


def test_a_big_machine_judges_both_queues_premium_first(
    machine: Machine, sandbox: health.Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [make_submission() for _ in range(3)]
    monkeypatch.setattr("judge.services.submissions.plan_of", lambda user: "premium")
    premium = make_submission()

    machine("big")
    wait_until(all_done, seconds=60, what="all verdicts")

    premium.refresh_from_db()
    for each in free:
        each.refresh_from_db()
        assert premium.finished_at is not None
        assert each.finished_at is not None
        assert premium.finished_at < each.finished_at


def test_a_small_machine_leaves_premium_to_others(
    machine: Machine, sandbox: health.Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = make_submission()
    monkeypatch.setattr("judge.services.submissions.plan_of", lambda user: "premium")
    premium = make_submission()

    machine("small")
    wait_until(lambda: Submission.objects.get(pk=free.pk).is_done, seconds=60, what="the free verdict")

    assert Submission.objects.get(pk=premium.pk).state == "queued"


@pytest.mark.parametrize(
    ("arguments", "missing", "words"),
    [
        ([], "", "big or small"),
        (["huge"], "", "big or small"),
        (["big"], "DATABASE_URL", "DATABASE_URL"),
        (["small"], "REDIS_URL", "REDIS_URL"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], missing: str, words: str) -> None:
    environment = {**os.environ, "DATABASE_URL": "postgresql://x@/y", "REDIS_URL": "redis://127.0.0.1:1/0"}
    environment |= {"ENV_FILE": os.devnull, missing: ""} if missing else {"ENV_FILE": os.devnull}

    done = subprocess.run(
        [sys.executable, "-m", "config.judge_machine", *arguments],
        env=environment,
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
