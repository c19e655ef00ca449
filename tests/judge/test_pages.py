"""The judge's pages: they work, they refuse, and how much they ask of the database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from judge.models import Submission
from judge.verdicts import State
from tests.judge.factories import GOOD, make_problem, make_submission, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(client: Client) -> Client:
    client.force_login(make_user("asha"))
    return client


def test_the_list(asha: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    for number in range(12):
        make_problem(title=f"Problem {number}", difficulty=1 + number % 3, tags=["graphs"])
    make_problem(title="Secret one", is_published=False)

    with django_assert_max_num_queries(20):
        page = asha.get("/judge/").content.decode()

    assert "Problem 11" in page
    assert "Secret one" not in page
    filtered = asha.get("/judge/", {"difficulty": "2", "tag": "graphs"}).content.decode()
    assert "Problem 1<" in filtered
    assert "Problem 0<" not in filtered
    assert "No problem like that" in asha.get("/judge/", {"q": "zzz"}).content.decode()
    assert asha.get("/judge/", {"difficulty": "x", "tag": "<"}).status_code == 200


def test_a_problem_shows_samples_and_no_secrets(
    asha: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    problem = make_problem(statement="Add $a^2$ <script>alert(1)</script>")

    with django_assert_max_num_queries(20):
        page = asha.get(problem.get_absolute_url()).content.decode()

    assert "<msup>" in page
    assert "<script>alert" not in page
    assert "1 2" in page
    assert "10 20" not in page


def test_hidden_and_unknown_problems_answer_alike(asha: Client, client: Client) -> None:
    hidden = make_problem(is_published=False)

    assert asha.get(hidden.get_absolute_url()).status_code == 404
    assert asha.get("/judge/problems/nothing/").status_code == 404
    assert (
        asha.post(f"/judge/problems/{hidden.slug}/submit/", {"language": "python3", "source": "x"}).status_code == 404
    )


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    problem = make_problem()

    for path in ("/judge/", problem.get_absolute_url(), "/judge/submissions/", "/judge/submissions/1/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert "/accounts/login/" in answer.headers["Location"]


def test_submitting(asha: Client) -> None:
    problem = make_problem()

    answer = asha.post(f"/judge/problems/{problem.slug}/submit/", {"language": "python3", "source": GOOD})

    submission = Submission.objects.get()
    assert answer.headers["Location"] == submission.get_absolute_url()
    assert (submission.author.username, submission.state, submission.queue) == ("asha", "queued", "judge-free")
    assert asha.get(f"/judge/problems/{problem.slug}/submit/").status_code == 405


def test_submitting_by_script(asha: Client) -> None:
    problem = make_problem()
    url = f"/judge/problems/{problem.slug}/submit/"

    good = asha.post(url, {"language": "python3", "source": GOOD}, headers={"accept": "application/json"})
    empty = asha.post(url, {"language": "python3", "source": " "}, headers={"accept": "application/json"})
    odd = asha.post(url, {"language": "cobol", "source": "x"}, headers={"accept": "application/json"})

    assert good.status_code == 201
    assert good.json()["url"] == Submission.objects.get().get_absolute_url()
    assert empty.status_code == 400
    assert "no code" in empty.json()["error"]["message"]
    assert odd.status_code == 400


def test_a_refused_submission_keeps_the_code_on_the_page(asha: Client) -> None:
    problem = make_problem()

    answer = asha.post(f"/judge/problems/{problem.slug}/submit/", {"language": "python3", "source": "mine\0"})

    assert answer.status_code == 422
    assert "mine" in answer.content.decode()


def test_a_submission_is_its_authors_alone(asha: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    own = make_submission(author=asha_user(), source=GOOD)
    others = make_submission()

    with django_assert_max_num_queries(20):
        page = asha.get(own.get_absolute_url()).content.decode()

    assert "Number 1 in the queue" in page
    assert 'data-after="1"' in page
    assert asha.get(f"{own.get_absolute_url()}?part=1").content.decode().lstrip().startswith('<div class="report"')
    assert asha.get(others.get_absolute_url()).status_code == 404
    assert asha.get("/judge/submissions/999999/").status_code == 404
    assert asha.get("/judge/submissions/99999999999999999999999/").status_code == 404
    assert asha.post(f"/judge/submissions/{others.pk}/cancel/").status_code == 404


def test_the_list_of_submissions(asha: Client, django_assert_max_num_queries: Callable[..., Any]) -> None:
    assert "Nothing submitted yet" in asha.get("/judge/submissions/").content.decode()
    problem = make_problem()
    for _ in range(5):
        make_submission(author=asha_user(), problem=problem)

    with django_assert_max_num_queries(20):
        page = asha.get("/judge/submissions/").content.decode()

    assert page.count("Queued") == 5


def test_cancelling_by_the_page(asha: Client) -> None:
    own = make_submission(author=asha_user())

    assert asha.get(f"/judge/submissions/{own.pk}/cancel/").status_code == 405
    asha.post(f"/judge/submissions/{own.pk}/cancel/")
    own.refresh_from_db()
    assert own.state == State.DONE
    again = asha.post(f"/judge/submissions/{own.pk}/cancel/", follow=True)
    assert "has its verdict already" in again.content.decode()


def test_the_editorial_opens_when_solved(asha: Client) -> None:
    problem = make_problem(editorial="Just *add*.")
    url = f"/judge/problems/{problem.slug}/editorial/"

    assert "Solve it first" in asha.get(url).content.decode()
    submission = make_submission(author=asha_user(), problem=problem)
    Submission.objects.filter(pk=submission.pk).update(state="done", verdict="AC", finished_at=submission.created_at)
    assert "<em>add</em>" in asha.get(url).content.decode()


def test_streams_are_their_authors_alone() -> None:
    from notifications import streams

    submission = make_submission()

    assert streams.may_read(submission.author, submission.stream)
    assert not streams.may_read(make_user(), submission.stream)
    assert streams.may_read(make_user(is_staff=True), submission.stream)
    for name in ("submission:x", "submission:", "submission:-1", "submission:99999999999999999999", "submission:²"):
        assert not streams.may_read(submission.author, name)


def asha_user() -> Any:
    from django.contrib.auth.models import User

    return User.objects.get(username="asha")
