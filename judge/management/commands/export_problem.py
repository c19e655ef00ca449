from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from judge.models import Problem
from judge.packages.writing import LEGACY, VERSIONS, write_zip


class Command(BaseCommand):
    """Write problems as packages."""

    help = "Write problems as zips in the ICPC/Kattis package format."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="+")
        parser.add_argument("--format", choices=VERSIONS, default=LEGACY, help="the format's version")
        parser.add_argument("--to", type=Path, default=Path(), help="the folder (default: this one)")

    def handle(self, *args: Any, slugs: list[str], to: Path, **options: Any) -> None:
        for slug in slugs:
            problem = Problem.objects.filter(slug=slug).first()
            if problem is None:
                raise CommandError(f"There is no problem {slug}.")
            path = to / f"{slug}.zip"
            path.write_bytes(write_zip(problem, options["format"]))
            self.stdout.write(str(path))
