"""Problems come in as packages."""

from django.db import transaction
from django.db.models import F

from judge.models import Problem, Program, Test, TestGroup
from judge.packages import Package

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


def publish_problem(problem: Problem) -> None:
    """Show the problem to everyone."""
    Problem.objects.filter(pk=problem.pk).update(is_published=True)
    problem.is_published = True
