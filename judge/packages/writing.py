"""A problem as a package again: what is exported can be imported here and by others."""

import io
import zipfile
from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

import yaml

from judge.models import Problem, Program

_FOLDERS = {
    Program.Kind.CHECKER: "output_validators",
    Program.Kind.INTERACTOR: "output_validators",
    Program.Kind.VALIDATOR: "input_validators",
    Program.Kind.SOLUTION: "submissions",
}


LEGACY, NEWER = VERSIONS = ("legacy", "2023-07")


def write_zip(problem: Problem, version: str = LEGACY) -> bytes:
    """The problem as a zip in a version of the ICPC/Kattis format, with Chowk's own fields under `chowk`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in _files(problem) if version == LEGACY else _newer_files(problem):
            archive.writestr(f"{problem.slug}/{path}", content)
    return buffer.getvalue()


def _files(problem: Problem) -> Iterator[tuple[str, bytes]]:
    yield "problem.yaml", _metadata(problem).encode()
    yield ".timelimit", f"{problem.time_limit_ms / 1000:g}\n".encode()
    yield "problem_statement/problem.en.md", problem.statement.encode()
    if problem.editorial:
        yield "editorial.md", problem.editorial.encode()
    for test in problem.tests.select_related("group").order_by("number"):
        base = f"data/{test.group.name}/{test.name}"
        yield f"{base}.in", bytes(test.input)
        yield f"{base}.ans", bytes(test.answer)
    for program in problem.programs.all():
        yield f"{_FOLDERS[Program.Kind(program.kind)]}/{program.name}", program.source.encode()


def _newer_files(problem: Problem) -> Iterator[tuple[str, bytes]]:
    """As 2023-07-draft names and places what differs."""
    legacy = yaml.safe_load(_metadata(problem))
    kinds = ["interactive"] if problem.is_interactive else []
    if any(group.points for group in problem.groups.all()):
        kinds.append("scoring")
    metadata = {
        "problem_format_version": "2023-07-draft",
        "type": kinds or "pass-fail",
        "name": {"en": problem.title},
        "uuid": str(uuid5(NAMESPACE_URL, f"urn:chowk:problem:{problem.slug}")),
        "source": problem.source_note,
        "keywords": problem.tags,
        "limits": legacy["limits"],
        "chowk": legacy["chowk"],
    }
    yield "problem.yaml", _dump(metadata)
    yield "data/test_group.yaml", _dump({"output_validator_args": legacy["validator_flags"].split()})
    for path, content in _files(problem):
        folder, _, rest = path.partition("/")
        if folder == "problem_statement":
            yield f"statement/{rest}", content
        elif folder == "output_validators":
            yield f"output_validator/{rest}", content
        elif path not in ("problem.yaml", ".timelimit"):
            yield path, content


def _dump(values: dict[str, object]) -> bytes:
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False).encode()


def _metadata(problem: Problem) -> str:
    flags = list(problem.checker_args.get("flags", ()))
    if problem.checker == Problem.Checker.FLOATS:
        for name in ("absolute", "relative"):
            flags += [f"float_{name}_tolerance", repr(problem.checker_args.get(name, 0))]
    elif problem.checker == Problem.Checker.TOKENS and problem.checker_args.get("case_sensitive", True):
        flags.append("case_sensitive")
    elif problem.checker == Problem.Checker.LINES:
        flags += ["case_sensitive", "space_change_sensitive"]
    chowk: dict[str, object] = {"slug": problem.slug, "difficulty": problem.difficulty}
    if problem.checker == Problem.Checker.UNORDERED:
        chowk["checker"] = problem.checker
    points = {group.name: group.points for group in problem.groups.all() if group.points}
    if points:
        chowk["points"] = points
    custom = problem.checker == Problem.Checker.CUSTOM or problem.is_interactive
    data = {
        "name": problem.title,
        "source": problem.source_note,
        "keywords": problem.tags,
        "validation": ("custom interactive" if problem.is_interactive else "custom") if custom else "default",
        "validator_flags": " ".join(flags),
        "limits": {
            "time_limit": problem.time_limit_ms / 1000,
            "memory": problem.memory_limit_mib,
            "output": problem.output_limit_mib,
        },
        "chowk": chowk,
    }
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
