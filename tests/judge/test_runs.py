"""Custom runs, and judging again."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from judge import grading, listeners, services
from judge.errors import StdinTooLong, TooManyWaiting, UnknownLanguage
from judge.models import CustomRun, Submission
from judge.sandbox import health
from judge.services.runs import release_lost_runs
from notifications import streams
from tests.judge.factories import GOOD, make_problem, make_submission, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("source", "verdict", "stdout", "detail"),
    [
        (GOOD, "AC", "12\n", ""),
        ("print(1)\nraise SystemExit(3)", "RTE", "1\n", "Exit code 3"),
        ("print(", "CE", "", ""),
        ("while True: pass", "TLE", "", ""),
    ],
)
def test_a_run_tells_what_it_wrote(
    source: str, verdict: str, stdout: str, detail: str, sandbox: health.Health
) -> None:
    problem = make_problem(time_limit_ms=200)
    run = services.run_custom(author=make_user(), language="python3", source=source, stdin="5 7\r\n", problem=problem)

    assert grading.grade_next(run.queue)

    run.refresh_from_db()
    assert (run.state, run.verdict, run.stdout, run.detail) == ("done", verdict, stdout, detail)
    read = streams.read(run.stream, after=0)
    assert isinstance(read, streams.Slice)
    assert [event.data["state"] for event in read.events] == ["queued", "done"]


def test_a_run_has_the_limits_of_its_problem(sandbox: health.Health) -> None:
    problem = make_problem(output_limit_mib=1, time_limit_ms=1500, memory_limit_mib=64)
    run = services.run_custom(author=make_user(), language="python3", source="print('x' * 2 ** 20)", problem=problem)
    grading.grade_next(run.queue)
    run.refresh_from_db()

    assert (run.time_limit_ms, run.memory_limit_mib, run.output_limit_mib) == (1500, 64, 1)
    assert (run.verdict, run.detail) == ("OLE", "More than 1 MiB of output")


def test_runs_go_before_submissions(sandbox: health.Health) -> None:
    submission = make_submission()
    run = services.run_custom(author=make_user(), language="python3", source="print(1)")

    grading.grade_next(run.queue)

    run.refresh_from_db()
    submission.refresh_from_db()
    assert (run.state, submission.state) == ("done", "queued")


def test_what_a_run_refuses() -> None:
    user = make_user()
    with pytest.raises(UnknownLanguage):
        services.run_custom(author=user, language="cobol", source="x")
    with pytest.raises(StdinTooLong):
        services.run_custom(author=user, language="python3", source="x", stdin="x" * 70_000)
    for _ in range(3):
        services.run_custom(author=user, language="python3", source="x")
    with pytest.raises(TooManyWaiting):
        services.run_custom(author=user, language="python3", source="x")


def test_a_lost_run_is_made_again_and_ends_once(sandbox: health.Health) -> None:
    run = services.run_custom(author=make_user(), language="python3", source="print(1)")
    for _ in range(2):
        CustomRun.objects.update(state="running", lease_until=timezone.now(), attempts=1)
        assert release_lost_runs() == 1
    CustomRun.objects.update(state="running", lease_until=timezone.now(), attempts=3)
    release_lost_runs()

    run.refresh_from_db()
    assert (run.state, run.verdict) == ("done", "IE")


def test_a_listener_is_told(sandbox: health.Health, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(listeners, "_listeners", {})
    listeners.register("room", lambda run, key: told.append((run.stdout, key)))

    run = services.run_custom(author=make_user(), language="python3", source="print(1)", context="room:7/12")
    grading.grade_next(run.queue)

    assert told == [("1\n", "7/12")]


def test_running_by_the_page(client: Client, sandbox: health.Health) -> None:
    user, problem = make_user(), make_problem()
    url = f"/judge/problems/{problem.slug}/run/"
    assert client.post(url).status_code == 302
    client.force_login(user)

    assert client.get(url).status_code == 405
    started = client.post(url, {"language": "python3", "source": GOOD, "stdin": "1 2"}).json()
    assert (started["state"], started["stream"]) == ("queued", f"run:{started['id']}")
    assert client.get(f"/judge/runs/{started['id']}/").json()["state"] == "queued"
    refused = client.post(url, {"language": "x", "source": GOOD}, headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unknown_language")
    client.force_login(make_user())
    assert client.get(f"/judge/runs/{started['id']}/").status_code == 404
    assert streams.may_read(user, started["stream"])
    assert not streams.may_read(make_user(), started["stream"])


def test_rejudging_keeps_the_old_verdict(sandbox: health.Health) -> None:
    submission = make_submission(source="print(3)")
    assert not services.rejudge(submission)
    grading.grade_next(submission.queue)

    assert services.rejudge_problem(submission.problem) == 1
    submission.refresh_from_db()
    assert (submission.state, submission.verdict) == ("queued", "")
    Submission.objects.update(source=GOOD)
    grading.grade_next(submission.queue)

    submission.refresh_from_db()
    assert submission.verdict == "AC"
    assert [(past.verdict, past.failed_test) for past in submission.past_verdicts.all()] == [("WA", 2)]
