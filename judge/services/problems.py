"""Problems come in as packages."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from judge.models import Problem, Program, Submission, Test, TestGroup
from judge.packages import Package
from notifications.queues import enqueue

CHECK_JOB = "judge.jobs.check_problem"
CHECK_PASSED = "All well: every input is valid, every solution got its verdict."
CHECK_LOST_AFTER = timedelta(minutes=20)
"""Longer than a job may take."""

_FIELDS = (
    "title", "statement", "editorial", "difficulty", "tags", "time_limit_ms", "memory_limit_mib", "output_limit_mib",
    "checker", "checker_args", "is_interactive", "source_note",
)  # fmt: skip


def import_package(package: Package, *, is_published: bool = True) -> Problem:
    """Create the problem, or replace the one of the same slug with its tests; submissions stay."""
    with transaction.atomic():
        fields = {name: getattr(package, name) for name in _FIELDS} | {"is_published": is_published}
        problem, _ = Problem.objects.update_or_create(
            slug=package.slug,
            defaults=fields | {"tests_version": F("tests_version") + 1},
            create_defaults=fields,
        )
        problem.groups.all().delete()
        problem.programs.all().delete()
        number = 0
        for group_number, packaged in enumerate(package.groups):
            group = TestGroup.objects.create(
                problem=problem,
                number=group_number,
                name=packaged.name,
                points=packaged.points,
                is_sample=packaged.is_sample,
            )
            for test in packaged.tests:
                number += 1
                Test.objects.create(
                    problem=problem, group=group, number=number, name=test.name, input=test.input, answer=test.answer
                )
        Program.objects.bulk_create(
            Program(
                problem=problem, kind=p.kind, name=p.name, language=p.language, source=p.source, expected=p.expected
            )
            for p in package.programs
        )
        problem.refresh_from_db()
    return problem


def ask_for_check(problem: Problem) -> None:
    """Have a worker run the problem's own solutions, and publish it if they get what its package says."""
    with transaction.atomic():
        problem.check_asked_at = timezone.now()
        problem.check_report = ""
        Problem.objects.filter(pk=problem.pk).update(check_asked_at=problem.check_asked_at, check_report="")
        enqueue(Submission.Queue.FREE, CHECK_JOB, problem.pk)


def finish_check(problem: Problem, *, asked_at: datetime, complaints: list[str]) -> None:
    """Keep what a check found, and publish where that is nothing; not if the problem was imported again meanwhile."""
    with transaction.atomic():
        report = "\n".join(complaints) or CHECK_PASSED
        held = Problem.objects.filter(pk=problem.pk, check_asked_at=asked_at)
        if held.update(check_asked_at=None, check_report=report) and not complaints:
            publish_problem(problem)


def ask_for_lost_checks() -> None:
    """Ask again for checks whose job or worker was lost."""
    for problem in Problem.objects.filter(check_asked_at__lt=timezone.now() - CHECK_LOST_AFTER):
        ask_for_check(problem)


def publish_problem(problem: Problem) -> None:
    """Show the problem to everyone."""
    Problem.objects.filter(pk=problem.pk).update(is_published=True)
    problem.is_published = True
