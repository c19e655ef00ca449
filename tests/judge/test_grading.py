"""From the queue to the verdict, in the database."""

from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from judge import grading, testdata
from judge.clock import sweep
from judge.errors import NotCancellable, SourceEmpty, SourceNotText, SourceTooLong, TooManyWaiting, UnknownLanguage
from judge.models import Submission
from judge.sandbox import SandboxError, SandboxUnavailable, health
from judge.services import cancel_submission, claims, submissions
from judge.verdicts import State, Verdict
from notifications import streams
from notifications.models import DomainEvent
from tests.judge.factories import GOOD, SUM_TESTS, make_problem, make_submission, make_user

pytestmark = pytest.mark.django_db(transaction=True)

SUM_C = '#include <stdio.h>\nint main(void) { long a, b; scanf("%ld %ld", &a, &b); printf("%ld", a + b); }'
SUM_CPP = "#include <iostream>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b; }"

FREE = Submission.Queue.FREE


def grade(submission: Submission) -> Submission:
    assert grading.grade_next(submission.queue)
    submission.refresh_from_db()
    return submission


@pytest.mark.parametrize(
    ("language", "source", "verdict", "failed_test"),
    [
        ("python3", GOOD, "AC", None),
        ("python3", "a, b = map(int, input().split())\nprint(abs(a) + abs(b))\n", "WA", 3),
        ("python3", "print(3)\n", "WA", 2),
        ("python3", "print(3", "CE", None),
        ("python3", "print(3)\nraise SystemExit(7)\n", "RTE", 1),
        ("python3", "while True: pass\n", "TLE", 1),
        ("python3", "print('  3  \\n\\n')\n" + GOOD.replace("print", "x = "), "WA", 2),
        ("c", SUM_C, "AC", None),
        ("cpp17", SUM_CPP, "AC", None),
        ("cpp17", "int main() { return x; }", "CE", None),
        ("text", "3\n", "WA", 2),
    ],
)  # fmt: skip
def test_verdicts(language: str, source: str, verdict: str, failed_test: int | None, sandbox: health.Health) -> None:
    problem = make_problem(time_limit_ms=200)

    done = grade(make_submission(problem=problem, language=language, source=source))

    assert (done.state, done.verdict, done.failed_test) == (State.DONE, verdict, failed_test)
    assert done.claim is None
    if verdict == "CE":
        assert "main." in done.compiler_output
        assert "/box" not in done.compiler_output
    if verdict == "AC":
        assert done.tests_done == done.tests_total == 3
        assert done.cpu_ms is not None
        assert done.memory_kib is not None
        assert done.toolchain
    if verdict == "RTE":
        assert done.detail == "Exit code 7"


def test_the_stream_tells_every_state_in_order(sandbox: health.Health) -> None:
    submission = make_submission()
    grade(submission)

    read = streams.read(submission.stream, after=0)
    assert isinstance(read, streams.Slice)
    states = [event.data["state"] for event in read.events]
    assert [state for state, _ in groupby(states)] == ["queued", "compiling", "running", "done"]
    assert read.events[-1].data["verdict"] == "AC"
    assert [result["number"] for result in read.events[-1].data["results"]] == [1, 2, 3]


def test_hidden_tests_keep_their_secrets(sandbox: health.Health) -> None:
    submission = grade(make_submission(source="print('my output')\n"))
    submission = grade(make_submission(problem=submission.problem, source="print(3)\n"))

    sample, hidden = submission.results.order_by("number")
    assert sample.is_sample
    assert sample.output == "3\n"
    assert not hidden.is_sample
    assert hidden.output == hidden.stderr == ""


def test_points_of_groups(sandbox: health.Health) -> None:
    problem = make_problem(points=60)

    whole = grade(make_submission(problem=problem))
    part = grade(make_submission(problem=problem, source="print(3)\n"))

    assert (whole.verdict, whole.points, whole.points_total) == ("AC", 60, 60)
    assert (part.verdict, part.points) == ("WA", 0)


def test_premium_goes_to_its_own_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "plan_of", lambda user: "premium")

    assert make_submission().queue == Submission.Queue.PREMIUM


@pytest.mark.parametrize(
    ("language", "source", "error"),
    [
        ("cobol", "x", UnknownLanguage),
        ("python3", " \n", SourceEmpty),
        ("python3", "x\x00", SourceNotText),
        ("python3", "x\ud800", SourceNotText),
        ("python3", "é" * 40_000, SourceTooLong),
    ],
)
def test_what_is_not_accepted(language: str, source: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        make_submission(language=language, source=source)
    assert not Submission.objects.exists()


def test_nobody_fills_the_queue_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "WAITING_SUBMISSIONS", 2)
    author, problem = make_user(), make_problem()
    for _ in range(2):
        make_submission(author=author, problem=problem)

    with pytest.raises(TooManyWaiting):
        make_submission(author=author, problem=problem)
    make_submission(problem=problem)


def test_turns_are_fair(sandbox: health.Health) -> None:
    problem, flooder = make_problem(), make_user("flooder")
    flood = [make_submission(author=flooder, problem=problem) for _ in range(5)]
    other = make_submission(problem=problem)

    order = [claims.claim_next(FREE) for _ in range(6)]

    assert [each.pk for each in order if each] == [flood[0].pk, other.pk, *(each.pk for each in flood[1:])]


def test_a_claim_is_taken_once() -> None:
    make_submission()

    assert claims.claim_next(FREE) is not None
    assert claims.claim_next(FREE) is None
    assert claims.claim_next(Submission.Queue.PREMIUM) is None


def test_a_lost_claim_writes_no_verdict() -> None:
    make_submission()
    first = claims.claim_next(FREE)
    assert first is not None
    Submission.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claims.release_lost_claims() == 1
    second = claims.claim_next(FREE)
    assert second is not None
    assert second.pk == first.pk

    with pytest.raises(claims.ClaimLost):
        claims.finish(first, verdict=Verdict.WRONG_ANSWER)
    claims.finish(second, verdict=Verdict.ACCEPTED)
    with pytest.raises(claims.ClaimLost):
        claims.finish(second, verdict=Verdict.WRONG_ANSWER)

    second.refresh_from_db()
    assert second.verdict == "AC"
    [event] = DomainEvent.objects.all()
    assert (event.name, event.actor_id, event.about) == ("submission.judged", second.author_id, [second.author_id])
    assert (event.data["id"], event.data["verdict"]) == (second.pk, "AC")
    assert event.data["milliseconds"] >= 0


def test_a_live_claim_is_left_alone() -> None:
    make_submission()
    assert claims.claim_next(FREE)

    assert claims.release_lost_claims() == 0


def test_runs_lost_again_and_again_end_as_internal_error() -> None:
    submission = make_submission()
    for _ in range(claims.ATTEMPTS):
        assert claims.claim_next(FREE)
        Submission.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        claims.release_lost_claims()

    submission.refresh_from_db()
    assert (submission.state, submission.verdict) == (State.DONE, "IE")


def test_the_judges_own_failure_is_tried_again(monkeypatch: pytest.MonkeyPatch, sandbox: health.Health) -> None:
    submission = make_submission(language="c", source=SUM_C)
    real = grading.compile_program

    def failing(*args: object, **kwargs: object) -> None:
        raise SandboxError("no memory for namespaces")

    monkeypatch.setattr(grading, "compile_program", failing)
    assert grade(submission).state == State.QUEUED
    monkeypatch.setattr(grading, "compile_program", real)
    assert grade(submission).verdict == "AC"


def test_without_a_sandbox_nothing_runs_and_the_page_can_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = make_submission()

    def unavailable() -> None:
        raise SandboxUnavailable("bubblewrap is missing: apt-get install bubblewrap")

    monkeypatch.setattr(health, "check", unavailable)
    assert not grading.grade_next(submission.queue)

    submission.refresh_from_db()
    assert submission.state == State.QUEUED
    assert "bubblewrap is missing" in submission.waiting_reason
    assert submission.attempts == 0


def test_cancelling(sandbox: health.Health) -> None:
    waiting = make_submission()
    cancel_submission(submission=waiting)
    assert (waiting.state, waiting.verdict) == (State.DONE, "CA")
    assert claims.claim_next(FREE) is None

    make_submission()
    running = claims.claim_next(FREE)
    assert running is not None
    cancel_submission(submission=running)
    with pytest.raises(claims.CancelAsked):
        claims.report_progress(running, tests_done=0, tests_total=3)

    with pytest.raises(NotCancellable):
        cancel_submission(submission=waiting)


def test_the_sweeper_brings_lost_jobs_back(redis_server: object) -> None:
    from notifications.queues import queue_named

    submission = make_submission()
    queue_named(FREE).empty()
    Submission.objects.update(created_at=timezone.now() - timedelta(seconds=30))

    sweep()
    sweep()

    assert queue_named(FREE).count == 1
    assert submission.state == State.QUEUED


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "done"},
        {"verdict": "AC"},
        {"state": "running"},
        {"tests_done": 1},
        {"state": "done", "verdict": "AC"},
    ],
)
def test_the_database_refuses_impossible_states(broken: dict[str, object]) -> None:
    submission = make_submission()

    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.filter(pk=submission.pk).update(**broken)


def test_premium_passes_a_free_submission_in_the_middle(
    monkeypatch: pytest.MonkeyPatch, settings: Any, sandbox: health.Health
) -> None:
    settings.JUDGE_MACHINE_CLASS = "big"
    monkeypatch.setattr(grading, "tests_at_once", lambda memory_bytes: 1)
    free = make_submission(problem=make_problem(tests=SUM_TESTS * 4))
    finished: list[int] = []
    finish = claims.finish

    def noting(submission: Submission, **facts: Any) -> None:
        finished.append(submission.pk)
        finish(submission, **facts)

    def arriving(*args: Any, **kwargs: Any) -> Any:
        if not Submission.objects.filter(queue=Submission.Queue.PREMIUM).exists():
            make_submission()
        return run_one(*args, **kwargs)

    run_one = grading.run_one
    monkeypatch.setattr(claims, "finish", noting)
    monkeypatch.setattr(grading, "run_one", arriving)
    monkeypatch.setattr(submissions, "plan_of", lambda user: "premium")

    assert grading.grade_next(FREE)

    premium = Submission.objects.get(queue=Submission.Queue.PREMIUM)
    assert finished == [premium.pk, free.pk]
    assert set(Submission.objects.values_list("verdict", flat=True)) == {"AC"}


@pytest.mark.parametrize("kind", ["small", "big"])
def test_a_syntax_error_is_a_compile_error_on_every_machine(kind: str, sandbox: health.Health, settings: Any) -> None:
    settings.JUDGE_MACHINE_CLASS = kind
    submission = make_submission(source="print(1\n")

    assert grading.grade_next("judge-free")

    submission.refresh_from_db()
    assert submission.verdict == "CE"
    assert "SyntaxError" in submission.compiler_output
    assert submission.results.count() == 0


def test_tests_are_kept_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testdata, "KEPT_TESTS", 2 * len(SUM_TESTS))
    problems = [make_problem() for _ in range(3)]

    loaded = [testdata.load_tests(problem) for problem in problems]

    assert testdata.load_tests(problems[2]) is loaded[2]
    assert testdata.load_tests(problems[0]) is not loaded[0]
