"""Real workers, killed and stopped in the middle; Redis emptied: each submission ends with one verdict."""

from collections.abc import Callable

import pytest

from judge import clock as judge_clock
from judge.models import Submission
from judge.sandbox import health
from judge.services import cancel_submission
from notifications import streams
from tests.judge.factories import GOOD, make_problem, make_submission
from tests.servers.processes import ServerProcess, wait_until
from tests.servers.redis import RedisServer

Worker = Callable[..., ServerProcess]

SLOW = "import time\ntime.sleep(0.4)\n" + GOOD


def state_of(submission: Submission) -> str:
    submission.refresh_from_db()
    return submission.state


def done_events(submission: Submission) -> list[str]:
    read = streams.read(submission.stream, after=0)
    assert isinstance(read, streams.Slice)
    return [event.data["verdict"] for event in read.events if event.data["state"] == "done"]


def test_a_killed_workers_submission_is_run_again(
    worker: Worker, sandbox: health.Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = make_submission(source=SLOW)
    first = worker("judge-free")
    wait_until(lambda: state_of(submission) == "running", seconds=20, what="the run")
    first.kill()

    Submission.objects.update(lease_until=submission.created_at)  # the lease runs out
    worker("judge-free")
    judge_clock.sweep()
    wait_until(lambda: state_of(submission) == "done", seconds=20, what="the verdict")

    assert (submission.verdict, submission.attempts) == ("AC", 2)
    assert done_events(submission) == ["AC"]
    assert submission.results.count() == 3


def test_a_stopped_worker_hands_back(worker: Worker, sandbox: health.Health) -> None:
    problem = make_problem(tests=[(b"1 2", b"3")] * 30)
    submission = make_submission(problem=problem, source=SLOW)
    first = worker("judge-free")
    wait_until(lambda: state_of(submission) == "running", seconds=20, what="the run")
    assert first.stop(seconds=10) == 0
    assert state_of(submission) == "queued"
    assert submission.attempts == 0
    assert submission.claim is None


def test_losing_all_of_redis_loses_nothing(worker: Worker, sandbox: health.Health, redis_server: RedisServer) -> None:
    submissions = [make_submission() for _ in range(3)]
    redis_server.lose_everything()
    worker("judge-free")
    Submission.objects.update(created_at=submissions[0].created_at.replace(year=2020))

    judge_clock.sweep()

    wait_until(lambda: not Submission.objects.exclude(state="done").exists(), seconds=20, what="all verdicts")
    assert {each.verdict for each in Submission.objects.all()} == {"AC"}


@pytest.mark.parametrize("kind", ["small", "big"])
def test_a_cancelled_run_ends_in_the_middle_of_a_test(worker: Worker, sandbox: health.Health, kind: str) -> None:
    problem = make_problem(time_limit_ms=30_000)
    submission = make_submission(problem=problem, source="while True:\n    pass\n")
    worker("judge-free", JUDGE_MACHINE_CLASS=kind)
    wait_until(lambda: state_of(submission) == "running", seconds=20, what="the run")

    cancel_submission(submission=submission)

    wait_until(lambda: state_of(submission) == "done", seconds=5, what="the end")
    assert submission.verdict == "CA"
    assert done_events(submission) == ["CA"]
    other = make_submission()
    wait_until(lambda: state_of(other) == "done", seconds=20, what="the next verdict")
    assert other.verdict == "AC"


def test_a_restart_of_the_machine(
    worker: Worker, clock: Worker, sandbox: health.Health, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All workers, the clock and Redis with all that it knew die at once, in the middle of the work."""
    problem = make_problem(tests=[(b"1 2", b"3")] * 8)
    free = [make_submission(problem=problem, source=SLOW) for _ in range(3)]
    monkeypatch.setattr("judge.services.submissions.plan_of", lambda user: "premium")
    premium = [make_submission(problem=problem, source=SLOW) for _ in range(2)]
    machine = [clock(), worker("judge-free"), worker("judge-premium")]
    wait_until(
        lambda: all("running" in map(state_of, queue) for queue in (free, premium)), seconds=30, what="a run of each"
    )
    for process in machine:
        process.kill()
    redis_server.kill()
    handed_in_meanwhile = make_submission(problem=problem)
    redis_server.lose_everything()
    everything = [*free, *premium, handed_in_meanwhile]

    worker("judge-free")
    worker("judge-premium")
    clock()

    # A lease of 20 s, a sweep every 10 s, and the work itself.
    wait_until(lambda: all(state_of(each) == "done" for each in everything), seconds=75, what="all verdicts")
    assert [each.verdict for each in everything] == ["AC"] * 6
    assert [done_events(each) for each in everything] == [["AC"]] * 6
    assert {each.results.count() for each in everything} == {8}
    assert max(each.attempts for each in everything) == 2  # those that were running
