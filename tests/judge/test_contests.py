"""Contests: who sees what when, scoring, the freeze, virtual participation, and prizes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from judge import events, scoreboards
from judge.models import Contest, ContestProblem, Problem, Submission
from judge.services import contests
from judge.services.contests import close_contests, join_contest, shares_of
from notifications import streams
from tests.judge.factories import make_problem, make_submission, make_user

pytestmark = pytest.mark.django_db


def make_contest(*, starts: int = -60, ends: int = 60, problems: int = 2, **fields: Any) -> Contest:
    """A contest from so many minutes from now to so many; its problems are not published otherwise."""
    now = timezone.now()
    contest = Contest.objects.create(
        slug=f"c{Contest.objects.count()}",
        title="Cup",
        starts_at=now + timedelta(minutes=starts),
        ends_at=now + timedelta(minutes=ends),
        **fields,
    )
    for number in range(problems):
        ContestProblem.objects.create(
            contest=contest, problem=make_problem(is_published=False), letter="ABCDEF"[number]
        )
    return contest


def hand_in(
    contest: Contest, user: User, letter: str, verdict: str, *, minute: int, points: int = 0, done: bool = True
) -> Submission:
    participation = join_contest(user=user, contest=contest)
    problem = contest.entries.get(letter=letter).problem
    submission = make_submission(author=user, problem=problem)
    at = participation.starts_at + timedelta(minutes=minute)
    fields: dict[str, Any] = {"created_at": at, "participation": participation, "points": points}
    if done:
        fields |= {"state": "done", "verdict": verdict, "finished_at": at}
    Submission.objects.filter(pk=submission.pk).update(**fields)
    submission.refresh_from_db()
    return submission


def lines(contest: Contest, now: datetime | None = None) -> list[tuple[int, str, int, int]]:
    board = scoreboards.scoreboard_of(contest, now=now or timezone.now())
    return [(row.rank, row.user.username, row.solved, row.penalty) for row in board.rows]


def test_icpc_scoring() -> None:
    contest, asha, ravi, meera = make_contest(), make_user("asha"), make_user("ravi"), make_user("meera")
    hand_in(contest, asha, "A", "WA", minute=5)
    hand_in(contest, asha, "A", "CE", minute=6)
    hand_in(contest, asha, "A", "AC", minute=10)
    hand_in(contest, asha, "A", "WA", minute=11)
    hand_in(contest, ravi, "A", "AC", minute=20)
    hand_in(contest, ravi, "B", "AC", minute=30)
    hand_in(contest, meera, "B", "AC", minute=30)
    hand_in(contest, meera, "A", "WA", minute=31)

    assert lines(contest) == [(1, "ravi", 2, 50), (2, "asha", 1, 30), (2, "meera", 1, 30)]


def test_points_scoring() -> None:
    contest = make_contest(scoring="points")
    asha, ravi = make_user("asha"), make_user("ravi")
    hand_in(contest, asha, "A", "PT", minute=5, points=30)
    hand_in(contest, asha, "A", "PT", minute=6, points=20)
    hand_in(contest, ravi, "A", "AC", minute=50)

    board = scoreboards.scoreboard_of(contest, now=timezone.now())
    assert [(row.rank, row.user.username, row.points) for row in board.rows] == [(1, "ravi", 100), (2, "asha", 30)]


def test_the_freeze_hides_what_comes_late_until_the_contest_closes() -> None:
    contest, asha = make_contest(ends=10, freeze_minutes=30), make_user("asha")
    hand_in(contest, asha, "A", "AC", minute=30)
    late = hand_in(contest, asha, "B", "AC", minute=50)

    board = scoreboards.scoreboard_of(contest, now=timezone.now())
    assert board.is_frozen
    assert (board.rows[0].solved, board.rows[0].cells[1].pending) == (1, 1)
    before = streams.read(contest.stream, after=0)
    events.append_contest_change(late)
    assert streams.read(contest.stream, after=0) == before

    contest.closed_at = timezone.now()
    assert scoreboards.scoreboard_of(contest, now=timezone.now()).rows[0].solved == 2


def test_problems_open_with_the_contest(client: Client) -> None:
    coming, running = make_contest(starts=10), make_contest()
    client.force_login(make_user())

    def opens(contest: Contest) -> int:
        return client.get(contest.entries.all()[0].problem.get_absolute_url()).status_code

    assert opens(coming) == 404
    assert opens(running) == 200
    assert "open when the contest starts" in client.get(coming.get_absolute_url()).content.decode()
    running.is_published = False
    running.save()
    assert opens(running) == 404
    assert client.get(running.get_absolute_url()).status_code == 404


def test_submissions_count_for_those_who_take_part_while_it_runs() -> None:
    contest, asha = make_contest(), make_user("asha")
    problem = contest.entries.all()[0].problem
    assert make_submission(author=asha, problem=problem).participation is None

    join_contest(user=asha, contest=contest)
    join_contest(user=asha, contest=contest)

    assert contest.participations.count() == 1
    assert make_submission(author=asha, problem=problem).participation is not None
    assert make_submission(author=asha, problem=make_problem()).participation is None


def test_virtual_participation_has_its_own_clock_and_no_rank() -> None:
    contest, asha, ravi = make_contest(starts=-200, ends=-80), make_user("asha"), make_user("ravi")
    part = join_contest(user=asha, contest=contest)

    assert part.is_virtual
    assert part.ends_at - part.starts_at == timedelta(minutes=120)
    hand_in(contest, asha, "A", "AC", minute=7)
    assert lines(contest) == [(0, "asha", 1, 7)]
    assert ravi


def test_closing_pays_prizes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paid: list[tuple[str, int, str]] = []
    monkeypatch.setattr(
        contests, "pay_prize", lambda *, user, amount_paise, key, note: paid.append((user.username, amount_paise, key))
    )
    contest = make_contest(starts=-100, ends=60, prizes_paise=[50_000, 20_001])
    asha, ravi, meera = make_user("asha"), make_user("ravi"), make_user("meera")
    hand_in(contest, asha, "A", "AC", minute=9)
    hand_in(contest, ravi, "A", "AC", minute=9)
    waiting = hand_in(contest, meera, "A", "AC", minute=20, done=False)
    Contest.objects.update(ends_at=timezone.now() - timedelta(minutes=1))

    assert close_contests() == 0
    Submission.objects.filter(pk=waiting.pk).update(state="done", verdict="WA", finished_at=timezone.now())
    assert close_contests() == 1
    assert close_contests() == 0

    assert paid == [
        ("asha", 35_000, f"contest:{contest.pk}:{asha.pk}"),
        ("ravi", 35_000, f"contest:{contest.pk}:{ravi.pk}"),
    ]


def test_nobody_wins_without_solving() -> None:
    contest = make_contest(prizes_paise=[100])
    join_contest(user=make_user(), contest=contest)

    assert shares_of(scoreboards.scoreboard_of(contest, now=timezone.now()).rows, [100]) == []


def test_pages(client: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    contest = make_contest(prizes_paise=[100_000_00])
    assert client.get("/judge/contests/").status_code == 302
    asha = make_user("asha")
    client.force_login(asha)
    for number in range(8):
        hand_in(contest, make_user(f"p{number}"), "A", "AC", minute=number)

    assert "Cup" in client.get("/judge/contests/").content.decode()
    with django_assert_max_num_queries(22):
        page = client.get(contest.get_absolute_url()).content.decode()
    assert "p7" in page
    assert "₹1,00,000.00" in page
    assert client.get(f"/judge/contests/{contest.slug}/join/").status_code == 405
    client.post(f"/judge/contests/{contest.slug}/join/")
    assert "You take part" in client.get(contest.get_absolute_url()).content.decode()
    assert client.post("/judge/contests/nothing/join/").status_code == 404
    assert streams.may_read(asha, contest.stream)
    assert not streams.may_read(asha, "contest:999999")


def test_a_problem_of_a_contest_is_kept() -> None:
    from django.db.models import ProtectedError

    contest = make_contest()
    with pytest.raises(ProtectedError):
        Problem.objects.filter(contest_entries__contest=contest).delete()


def test_a_prize_that_cannot_be_paid_holds_up_no_other_contest() -> None:
    rich, poor = make_user("rich"), make_user("poor")
    unpaid = make_contest(starts=-100, ends=60, prizes_paise=[10**15])
    paid = make_contest(starts=-100, ends=60)
    for contest, user in ((unpaid, rich), (paid, poor)):
        hand_in(contest, user, "A", "AC", minute=5)
    Contest.objects.update(ends_at=timezone.now())

    assert close_contests() == 1

    unpaid.refresh_from_db()
    paid.refresh_from_db()
    assert unpaid.closed_at is None
    assert paid.closed_at is not None
    assert close_contests() == 0
    Contest.objects.filter(pk=unpaid.pk).update(prizes_paise=[])
    assert close_contests() == 1
