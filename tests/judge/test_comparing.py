"""A submission among others: the charts, the diff, old verdicts, the estimated wait, the leaderboard."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from judge import comparisons
from judge.comparisons import BARS, CHART_HEIGHT, diff, spread_of
from judge.leaderboards import leaderboard, place_of
from judge.models import Problem, Submission
from judge.queries import report_of
from judge.services import rejudge
from judge.verdicts import State
from tests.judge.factories import make_problem, make_submission, make_user

pytestmark = pytest.mark.django_db


def judged(author: User, problem: Problem, *, verdict: str = "AC", seconds: float = 1.0, **facts: Any) -> Submission:
    """A submission with its verdict, as if a worker had taken so long."""
    submission = make_submission(
        author=author, problem=problem, **{k: facts.pop(k) for k in ("source",) if k in facts}
    )
    now = timezone.now()
    Submission.objects.filter(pk=submission.pk).update(
        state=State.DONE,
        verdict=verdict,
        claimed_at=now - timedelta(seconds=seconds),
        finished_at=now,
        **{"cpu_ms": 10, "memory_kib": 1024, **facts},
    )
    submission.refresh_from_db()
    return submission


def test_time_and_memory_among_others(client: Client) -> None:
    problem, asha = make_problem(), make_user("asha")
    for number in range(4):
        judged(make_user(), problem, cpu_ms=100 * (number + 1), memory_kib=1024 * (4 - number))
    mine = judged(asha, problem, cpu_ms=250, memory_kib=1500)

    found = comparisons.compare(mine)

    assert found is not None
    assert (found.others, found.cpu_ms.better_than, found.memory_kib.better_than) == (4, 50, 75)
    client.force_login(asha)
    page = client.get(mine.get_absolute_url()).content.decode()
    assert "faster than 50 %" in page
    assert "leaner than 75 %" in page
    assert page.count('class="spread__bar spread__bar--mine"') == 2


def test_too_few_others_say_nothing() -> None:
    problem = make_problem()
    mine = judged(make_user(), problem)
    judged(make_user(), problem)
    assert comparisons.compare(mine) is None
    for _ in range(2):
        judged(make_user(), problem)
    assert comparisons.compare(mine) is not None
    assert comparisons.compare(judged(make_user(), problem, verdict="WA")) is None


def test_a_spread_fits_its_picture() -> None:
    for mine, others in [(5, [5, 5, 5]), (0, [0, 1, 10_000]), (7, list(range(500)))]:
        spread = spread_of(mine, others)
        assert [bar.is_mine for bar in spread.bars].count(True) == 1
        assert all(0 <= bar.x < BARS * 5 and bar.y >= 0 and bar.y + bar.height == CHART_HEIGHT for bar in spread.bars)
    assert spread_of(1, [2, 3, 4]).better_than == 100
    assert spread_of(4, [4, 4, 4]).better_than == 0


def test_the_diff_names_what_changed() -> None:
    lines = diff("a\nb\nc\n", "a\nB\nc\nd\n")

    assert lines is not None
    assert [(line.kind, line.old, line.new) for line in lines] == [
        ("same", "a", "a"),
        ("changed", "b", "B"),
        ("same", "c", "c"),
        ("added", "", "d"),
    ]
    assert [(line.old_number, line.new_number) for line in lines][-1] == (0, 4)
    assert diff("x\n" * 3001, "") is None


def test_comparing_with_an_earlier_submission(client: Client) -> None:
    problem, asha = make_problem(), make_user("asha")
    first = judged(asha, problem, source="print('<old>')\n")
    second = judged(asha, problem, source="print('second')\n")
    third = judged(asha, problem, source="print('third')\n")
    theirs = judged(make_user(), problem, source="print('theirs')\n")
    client.force_login(asha)

    page = client.get(f"/judge/submissions/{third.pk}/compare/").content.decode()
    assert "<del>print(&#x27;second&#x27;)</del>" in page
    assert "<ins>print(&#x27;third&#x27;)</ins>" in page
    older = client.get(f"/judge/submissions/{third.pk}/compare/", {"with": first.pk}).content.decode()
    assert "<del>print(&#x27;&lt;old&gt;&#x27;)</del>" in older
    assert client.get(f"/judge/submissions/{third.pk}/compare/", {"with": theirs.pk}).status_code == 404
    assert client.get(f"/judge/submissions/{third.pk}/compare/", {"with": "x"}).status_code == 404
    assert client.get(f"/judge/submissions/{theirs.pk}/compare/").status_code == 404
    assert "second" in client.get(f"/judge/submissions/{first.pk}/compare/", {"with": second.pk}).content.decode()


def test_the_one_before_is_found_however_many_came_later(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "OTHERS_OFFERED", 2)
    problem, asha = make_problem(), make_user("asha")
    first, second, *_ = (judged(asha, problem, source=f"print({number})\n") for number in range(4))
    client.force_login(asha)

    page = client.get(f"/judge/submissions/{second.pk}/compare/")

    assert page.context["other"] == first
    assert page.context["others"][-1] == first


def test_an_only_submission_has_nothing_to_compare_with(client: Client) -> None:
    asha = make_user("asha")
    only = judged(asha, make_problem())
    client.force_login(asha)
    assert "Nothing to compare with" in client.get(f"/judge/submissions/{only.pk}/compare/").content.decode()


def test_old_verdicts_stay_to_be_seen(client: Client) -> None:
    asha, staff = make_user("asha"), make_user("boss", is_staff=True, is_superuser=True)
    mine = judged(asha, make_problem(), verdict="WA", failed_test=2)
    client.force_login(asha)
    assert client.post(f"/judge/submissions/{mine.pk}/rejudge/").status_code == 403
    assert "Judge again" not in client.get(mine.get_absolute_url()).content.decode()
    client.force_login(staff)
    assert "Judge again" in client.get(mine.get_absolute_url()).content.decode()

    assert client.post(f"/judge/submissions/{mine.pk}/rejudge/").status_code == 302

    mine.refresh_from_db()
    assert mine.state == State.QUEUED
    client.force_login(asha)
    page = client.get(mine.get_absolute_url()).content.decode()
    assert "Before it was judged again" in page
    assert "Wrong answer on test 2" in page
    assert not rejudge(mine)


def test_the_wait_is_estimated_from_what_others_took(client: Client) -> None:
    problem, asha = make_problem(), make_user("asha")
    waiting = make_submission(author=asha, problem=problem)
    assert report_of(waiting).wait_seconds is None
    for _ in range(3):
        judged(make_user(), problem, seconds=4)
    make_submission(author=asha, problem=problem)

    report = report_of(waiting)

    assert (report.position, report.wait_seconds) == (1, 4)
    client.force_login(asha)
    assert "Number 1 in the queue, about 4 s to go" in client.get(waiting.get_absolute_url()).content.decode()


def test_the_leaderboard(client: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    easy, hard = make_problem(difficulty=1), make_problem(difficulty=3)
    hidden = make_problem(is_published=False)
    asha, ravi, meera, zoya = (make_user(name) for name in ("asha", "ravi", "meera", "zoya"))
    judged(asha, easy)
    judged(asha, easy)
    judged(asha, hidden)
    judged(ravi, hard)
    judged(meera, easy)
    judged(zoya, hard, verdict="WA")
    long_ago = judged(zoya, hard)
    Submission.objects.filter(pk=long_ago.pk).update(created_at=timezone.now() - timedelta(days=60))

    places = [(p.rank, p.user.username, p.points, p.solved) for p in leaderboard()]

    assert places == [(1, "ravi", 4, 1), (1, "zoya", 4, 1), (3, "asha", 1, 1), (3, "meera", 1, 1)]
    assert [p.user.username for p in leaderboard(only_month=True)] == ["ravi", "asha", "meera"]
    mine = place_of(meera)
    assert mine is not None
    assert (mine.rank, mine.points) == (3, 1)
    assert place_of(make_user()) is None
    client.force_login(meera)
    with django_assert_max_num_queries(20):
        page = client.get("/judge/leaderboard/").content.decode()
    assert "You are number 3 with 1 point." in page
    assert "zoya" not in client.get("/judge/leaderboard/", {"period": "month"}).content.decode()


def test_an_empty_leaderboard(client: Client) -> None:
    client.force_login(make_user())
    assert "Nobody yet" in client.get("/judge/leaderboard/").content.decode()
