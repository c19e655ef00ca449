"""The judge's part of the demo world: the problems that come with Chowk, and a few submissions of the people in it."""

from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from judge import languages
from judge.models import Contest, ContestProblem, Problem, Program, Submission
from judge.packages import parse_package, read_folder
from judge.services import submit
from judge.services.problems import import_package

PROBLEMS_DIR = Path(__file__).with_name("problems")


def load_demo(people: dict[str, User]) -> None:
    """Import the problems that are not there yet, and hand in a few solutions for those who have none."""
    load_problems()
    _load_contest()
    _hand_in(people["asha"], "a-plus-b", Program.Kind.SOLUTION, "accepted/solution.py")
    _hand_in(people["ravi"], "a-plus-b", Program.Kind.SOLUTION, "accepted/solution.cpp")
    _hand_in(people["ravi"], "two-shelves", Program.Kind.SOLUTION, "wrong_answer/wrong1.py")


def load_problems() -> list[Problem]:
    """Import the packages in `judge/problems/`; a problem that exists is left as it is."""
    known = set(Problem.objects.values_list("slug", flat=True))
    return [
        import_package(parse_package(read_folder(folder), slug=folder.name))
        for folder in sorted(PROBLEMS_DIR.iterdir())
        if folder.is_dir() and folder.name not in known
    ]


def _load_contest() -> None:
    """One contest that runs for a week from the first start on, without prizes: those are money of the wallets."""
    now = timezone.now()
    contest, created = Contest.objects.get_or_create(
        slug="first-cup",
        defaults={
            "title": "The first cup",
            "description": "Four problems to get to know the place. Register, and solve them in any order.",
            "starts_at": now,
            "ends_at": now + timedelta(days=7),
            "freeze_minutes": 60,
        },
    )
    if created:
        slugs = ("auto-fare", "chai-queue", "bus-pass", "cricket-chase")
        for letter, slug in zip("ABCD", slugs, strict=True):
            ContestProblem.objects.create(contest=contest, letter=letter, problem=Problem.objects.get(slug=slug))


def _hand_in(user: User, slug: str, kind: str, name: str) -> None:
    program = Program.objects.filter(problem__slug=slug, kind=kind, name=name).select_related("problem").first()
    if program is None or Submission.objects.filter(author=user, problem=program.problem).exists():
        return
    if languages.is_installed(program.language):
        submit(author=user, problem=program.problem, language=program.language, source=program.source)
