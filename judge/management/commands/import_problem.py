from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from judge.errors import PackageError
from judge.packages import parse_package, read_folder, read_zip
from judge.packages.checking import check_problem
from judge.sandbox import SandboxError
from judge.services.problems import import_package, publish_problem


class Command(BaseCommand):
    """Import problem packages and check them; what does not judge as its package says stays unpublished."""

    help = "Import ICPC/Kattis problem packages, zips or folders, and check them by their own solutions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path)
        parser.add_argument("--no-check", action="store_true", help="publish without running the solutions")

    def handle(self, *args: Any, paths: list[Path], no_check: bool, **options: Any) -> None:
        failed = 0
        for path in paths:
            try:
                files = read_folder(path) if path.is_dir() else read_zip(path.read_bytes())
                problem = import_package(parse_package(files, slug=path.stem), is_published=no_check)
                complaints = [] if no_check else list(check_problem(problem))
            except (PackageError, SandboxError, OSError) as error:
                self.stderr.write(f"{path.name}: {error}")
                failed += 1
                continue
            for complaint in complaints:
                self.stderr.write(f"{path.name}: {complaint}")
            if complaints:
                failed += 1
            else:
                publish_problem(problem)
                self.stdout.write(f"{problem.title}: {problem.tests.count()} tests, published as {problem.slug}.")
        if failed:
            raise CommandError(f"{failed} of {len(paths)} packages are not published.")
