"""What staff do with problems in the admin: packages in and out, and their self-check."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from judge import jobs
from judge.models import Problem
from judge.sandbox import health
from judge.services import problems
from tests.judge.factories import make_problem, make_user
from tests.judge.test_packages import GOOD, make_zip

pytestmark = pytest.mark.django_db

IMPORT = "/admin/judge/problem/import/"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return client


def package(**changes: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("good-sum.zip", make_zip({**GOOD, **changes}), content_type="application/zip")


def test_a_package_is_published_once_its_solutions_have_passed(staff: Client, sandbox: health.Health) -> None:
    assert b"Import a package" in staff.get("/admin/judge/problem/").content

    answer = staff.post(IMPORT, {"package": package()})

    problem = Problem.objects.get()
    assert answer.headers["Location"] == f"/admin/judge/problem/{problem.pk}/change/"
    assert not problem.is_published
    assert problem.check_asked_at is not None
    assert b"being checked" in staff.get("/admin/judge/problem/").content

    jobs.check_problem(problem.pk)

    problem.refresh_from_db()
    assert (problem.is_published, problem.check_asked_at) == (True, None)
    assert problem.check_report == problems.CHECK_PASSED


def test_what_does_not_judge_as_it_says_stays_hidden(staff: Client, sandbox: health.Health) -> None:
    staff.post(IMPORT, {"package": package(**{"data/secret/01.ans": "5\n"})})
    problem = Problem.objects.get()

    jobs.check_problem(problem.pk)

    problem.refresh_from_db()
    assert not problem.is_published
    assert "got WA" in problem.check_report
    assert "got WA" in staff.get("/admin/judge/problem/").content.decode()


@pytest.mark.parametrize("data", [b"", b"not a zip", make_zip({"x": "y"})], ids=["empty", "text", "without a problem"])
def test_a_bad_upload_is_refused_in_words(staff: Client, data: bytes) -> None:
    answer = staff.post(IMPORT, {"package": SimpleUploadedFile("x.zip", data)})

    assert answer.status_code == 422
    assert b"errorlist" in answer.content
    assert not Problem.objects.exists()


def test_only_those_who_may_change_problems_import(client: Client) -> None:
    client.force_login(make_user("helper", is_staff=True))
    assert client.post(IMPORT, {"package": package()}).status_code == 403
    client.force_login(make_user("someone"))
    assert client.post(IMPORT, {"package": package()}).status_code == 302
    assert not Problem.objects.exists()


def test_a_problem_is_downloaded_as_a_package(staff: Client) -> None:
    problem = make_problem()
    chosen = {"action": "export_chosen", "_selected_action": [problem.pk]}

    answer = staff.post("/admin/judge/problem/", chosen)

    assert answer.headers["Content-Disposition"] == f'attachment; filename="{problem.slug}.zip"'
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert f"{problem.slug}/problem.yaml" in names


def test_a_check_of_what_was_replaced_publishes_nothing() -> None:
    problem = make_problem(is_published=False)
    problems.ask_for_check(problem)
    asked_at = problem.check_asked_at
    assert asked_at is not None
    problems.ask_for_check(problem)

    problems.finish_check(problem, asked_at=asked_at, complaints=[])

    problem.refresh_from_db()
    assert not problem.is_published
    assert problem.check_asked_at is not None


def test_a_lost_check_is_asked_for_again() -> None:
    problem = make_problem(is_published=False)
    problems.ask_for_check(problem)
    problems.ask_for_lost_checks()
    problem.refresh_from_db()
    first = problem.check_asked_at
    Problem.objects.update(check_asked_at=timezone.now() - timedelta(hours=1))

    problems.ask_for_lost_checks()

    problem.refresh_from_db()
    assert first is not None
    assert problem.check_asked_at is not None
    assert problem.check_asked_at >= first
