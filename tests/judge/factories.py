"""People, problems and submissions for the judge's tests."""

import itertools
from typing import Any

from django.contrib.auth.models import User

from judge.models import Problem, Submission
from judge.packages.reading import Package, PackagedGroup, PackagedTest
from judge.services import submit
from judge.services.problems import import_package

_numbers = itertools.count(1)

SUM_TESTS = [(b"1 2\n", b"3\n"), (b"10 20\n", b"30\n"), (b"-5 5\n", b"0\n")]
GOOD = "a, b = map(int, input().split())\nprint(a + b)\n"


def make_user(name: str = "", **fields: Any) -> User:
    return User.objects.create_user(name or f"person{next(_numbers)}", password="pw", **fields)


def make_problem(*, tests: list[tuple[bytes, bytes]] | None = None, points: int = 0, **fields: Any) -> Problem:
    """A + B with one sample and the given secret tests."""
    number = next(_numbers)
    cases = [PackagedTest(str(i), a, b) for i, (a, b) in enumerate(tests or SUM_TESTS, 1)]
    groups = [PackagedGroup("sample", cases[:1], is_sample=True), PackagedGroup("secret", cases[1:], points=points)]
    is_published = fields.pop("is_published", True)
    values = {"slug": f"sum-{number}", "title": f"Sum {number}", "statement": "Add $a$ and $b$.", **fields}
    return import_package(Package(groups=groups, **values), is_published=is_published)


def make_submission(*, author: User | None = None, problem: Problem | None = None, **fields: Any) -> Submission:
    values = {"language": "python3", "source": GOOD, **fields}
    return submit(author=author or make_user(), problem=problem or make_problem(), **values)
