"""What a package's files say, checked; nothing here touches the database."""

import configparser
import contextlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import yaml
from django.utils.text import slugify

from judge import languages
from judge.errors import PackageError
from judge.models import Problem, Program
from judge.packages.sources import Files
from judge.verdicts import Verdict
from notifications.texts import is_storable

TESTS = 500
DEFAULT_TIME_LIMIT_MS = 1000
DEFAULT_MEMORY_MIB = 256

EXPECTED = {
    "accepted": Verdict.ACCEPTED,
    "rejected": "WA TLE RTE MLE OLE",
    "brute_force": "AC TLE RTE MLE",
    "wrong_answer": Verdict.WRONG_ANSWER,
    "time_limit_exceeded": Verdict.TIME_LIMIT,
    "run_time_error": Verdict.RUNTIME_ERROR,
    "partially_accepted": Verdict.PARTIAL,
    "memory_limit_exceeded": Verdict.MEMORY_LIMIT,
    "output_limit_exceeded": Verdict.OUTPUT_LIMIT,
    "compile_error": Verdict.COMPILE_ERROR,
}
"""The folders of `submissions/` → what their programs may get; the second and third are of 2023-07."""

_REFUSED_TYPES = ("multi-pass", "submit-answer")


@dataclass(frozen=True, slots=True)
class PackagedTest:
    name: str
    input: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class PackagedGroup:
    name: str
    tests: list[PackagedTest]
    is_sample: bool = False
    points: int = 0


@dataclass(frozen=True, slots=True)
class PackagedProgram:
    kind: str
    name: str
    language: str
    source: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A problem as its package describes it."""

    slug: str
    title: str
    statement: str
    groups: list[PackagedGroup]
    editorial: str = ""
    difficulty: int = 1
    tags: list[str] = field(default_factory=list)
    time_limit_ms: int = DEFAULT_TIME_LIMIT_MS
    memory_limit_mib: int = DEFAULT_MEMORY_MIB
    output_limit_mib: int = 8
    checker: str = Problem.Checker.TOKENS
    checker_args: dict[str, Any] = field(default_factory=dict)
    is_interactive: bool = False
    source_note: str = ""
    programs: list[PackagedProgram] = field(default_factory=list)


def parse_package(files: Files, *, slug: str) -> Package:
    """Read a package; `slug` names it where it does not name itself.

    Raises:
        PackageError: what is wrong, and in which file.
    """
    meta = _metadata(files)
    limits = _mapping(meta.get("limits"), "limits")
    types = _words(meta.get("type"))
    for refused in _REFUSED_TYPES:
        if refused in types:
            raise PackageError(f"Problems of the type {refused} cannot be judged here.")
    programs = list(_programs(files, is_interactive="interactive" in types + _words(meta.get("validation"))))
    kinds = [program.kind for program in programs]
    if kinds.count(Program.Kind.CHECKER) + kinds.count(Program.Kind.INTERACTOR) > 1:
        raise PackageError("There is more than one file of an output validator: it has to be a single one.")
    is_interactive = Program.Kind.INTERACTOR in kinds
    checker, checker_args = _checker(
        meta, _flags(files, meta), has_program=not {Program.Kind.CHECKER, Program.Kind.INTERACTOR}.isdisjoint(kinds)
    )
    chowk = _mapping(meta.get("chowk"), "chowk")
    points = _mapping(chowk.get("points"), "chowk.points")
    slug = slugify(str(chowk.get("slug") or slug))[:60]
    if not slug:
        raise PackageError("The package has no name to make an address of.")
    return Package(
        slug=slug,
        title=_title(meta, slug),
        statement=_statement(files),
        groups=_groups(files, points),
        editorial=_text(files.get("editorial.md", b""), "editorial.md"),
        difficulty=_whole(chowk.get("difficulty", 1), "chowk.difficulty", 1, 3),
        tags=_tags(meta),
        time_limit_ms=_time_limit_ms(files, limits),
        memory_limit_mib=_whole(limits.get("memory", DEFAULT_MEMORY_MIB), "limits.memory", 16, 2048),
        output_limit_mib=_whole(limits.get("output", 8), "limits.output", 1, 64),
        checker=checker,
        checker_args=checker_args,
        is_interactive=is_interactive,
        source_note=", ".join(str(meta[key]) for key in ("author", "source", "license") if meta.get(key))[:200],
        programs=programs,
    )


def _metadata(files: Files) -> dict[str, Any]:
    if "problem.yaml" not in files:
        raise PackageError("The package has no problem.yaml.")
    return _yaml(files, "problem.yaml")


def _yaml(files: Files, name: str) -> dict[str, Any]:
    text = _text(files[name], name)
    # No aliases: an alias of aliases is a bomb.
    if len(text) > 64 * 1024 or re.search(r"(?m)[\s:\-\[,]\*\w", text):
        raise PackageError(f"{name} is too long, or uses aliases.")
    try:
        values = yaml.safe_load(text)
        _check_texts(values)
    except Exception as error:  # a date of the month 99, brackets without end: YAML raises whatever it stumbles over
        raise PackageError(f"{name} is not YAML: {error}") from error
    return _mapping(values, name)


def _check_texts(value: Any) -> None:
    """Raises ValueError where a text in it, by an escape, is none that a database takes."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set):
        for each in value:
            _check_texts(each)
    elif isinstance(value, str) and not is_storable(value):
        raise ValueError("a NUL or half a character")


def _title(meta: dict[str, Any], slug: str) -> str:
    name = meta.get("name") or slug.replace("-", " ").capitalize()
    if isinstance(name, dict):  # one per language
        name = name.get("en") or next(iter(name.values()), slug)
    return str(name)[:120]


def _tags(meta: dict[str, Any]) -> list[str]:
    keywords = meta.get("keywords") or []
    words = keywords.split() if isinstance(keywords, str) else keywords
    return [slugify(str(word))[:30] for word in words][:12] if isinstance(words, list) else []


def _statement(files: Files) -> str:
    """`problem_statement/` is the legacy name, `statement/` that of 2023-07; Markdown before LaTeX."""
    for folder in ("problem_statement", "statement"):
        for name in (f"{folder}/problem.en.md", f"{folder}/problem.md"):
            if name in files:
                return _text(files[name], name)
    for folder in ("problem_statement", "statement"):
        for name in (f"{folder}/problem.en.tex", f"{folder}/problem.tex"):
            if name in files:
                from judge.packages.latex import to_markdown

                return to_markdown(_text(files[name], name))
    raise PackageError("The package has no statement: problem_statement/problem.en.md.")


def _time_limit_ms(files: Files, limits: dict[str, Any]) -> int:
    """`limits.time_limit` since 2023-07; before, a `.timelimit` file or DOMjudge's ini. All in seconds."""
    value = limits.get("time_limit")
    if value is None and ".timelimit" in files:
        value = _text(files[".timelimit"], ".timelimit").strip()
    if value is None and "domjudge-problem.ini" in files:
        ini = configparser.ConfigParser()
        with contextlib.suppress(configparser.Error):
            ini.read_string("[problem]\n" + _text(files["domjudge-problem.ini"], "domjudge-problem.ini"))
            value = ini.get("problem", "timelimit", fallback="").strip("'\" ") or None
    if value is None:
        return DEFAULT_TIME_LIMIT_MS
    try:
        milliseconds = round(float(value) * 1000)
    except (TypeError, ValueError, OverflowError):
        raise PackageError(f"The time limit {value!r} is not a number of seconds.") from None
    if not 100 <= milliseconds <= 60_000:
        raise PackageError("The time limit is not between 0.1 and 60 seconds.")
    return milliseconds


def _flags(files: Files, meta: dict[str, Any]) -> list[str]:
    """What the output validator is called with: in problem.yaml, or in the tests' settings for all of them."""
    if words := _words(meta.get("validator_flags")):
        return words
    for folder in ("data", "data/secret"):
        settings = _settings(files, folder)
        for name in ("output_validator_flags", "output_validator_args"):
            if words := _words(settings.get(name)):
                return words
    return []


def _settings(files: Files, folder: str) -> dict[str, Any]:
    """The settings of a folder of tests: `testdata.yaml`, since 2023-07 `test_group.yaml`."""
    for name in (f"{folder}/test_group.yaml", f"{folder}/testdata.yaml"):
        if name in files:
            return _yaml(files, name)
    return {}


def _words(value: Any) -> list[str]:
    """A text of words, or a list of them."""
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return str(value or "").split()


def _checker(meta: dict[str, Any], words: list[str], *, has_program: bool) -> tuple[str, dict[str, Any]]:
    """The checker that the validator's flags ask for; Chowk's own names in `chowk.checker`."""
    chowk = _mapping(meta.get("chowk"), "chowk")
    if has_program:
        return Problem.Checker.CUSTOM, {"flags": words}
    args: dict[str, Any] = {}
    for name, key in (
        ("float_tolerance", "both"),
        ("float_absolute_tolerance", "absolute"),
        ("float_relative_tolerance", "relative"),
    ):
        if name in words:
            value = _tolerance(words, name)
            args |= {"absolute": value, "relative": value} if key == "both" else {key: value}
    checker = chowk.get("checker")
    if checker is None:
        if args:
            return Problem.Checker.FLOATS, {"absolute": 0.0, "relative": 0.0, **args}
        strict = "space_change_sensitive" in words
        return (Problem.Checker.LINES, {}) if strict else (
            Problem.Checker.TOKENS, {"case_sensitive": "case_sensitive" in words}
        )  # fmt: skip
    if checker not in Problem.Checker.values or checker == Problem.Checker.CUSTOM:
        raise PackageError(f"There is no checker {checker!r}.")
    return checker, args


def _tolerance(words: list[str], name: str) -> float:
    with contextlib.suppress(ValueError, IndexError):
        value = float(words[words.index(name) + 1])
        if 0 <= value < 1:
            return value
    raise PackageError(f"The validator's flags: {name} needs a number from 0 to 1.")


def _groups(files: Files, points: dict[str, Any]) -> list[PackagedGroup]:
    """Groups are the folders of `data/`: the samples first, then the secret tests in the order of their names."""
    by_folder: dict[str, list[PackagedTest]] = {}
    for path in sorted(files, key=_natural):
        pure = PurePosixPath(path)
        if pure.parts[0] != "data" or pure.suffix != ".in" or len(pure.parts) < 3:
            continue
        answer = path.removesuffix(".in") + ".ans"
        if answer not in files:
            raise PackageError(f"{path} has no answer beside it.")
        folder = "/".join(pure.parts[1:-1])
        by_folder.setdefault(folder, []).append(PackagedTest(pure.stem[:60], files[path], files[answer]))
    if not by_folder:
        raise PackageError("The package has no tests: data/secret/*.in with *.ans.")
    if sum(map(len, by_folder.values())) > TESTS:
        raise PackageError(f"The package has more than {TESTS} tests.")
    groups = []
    for folder in sorted(by_folder, key=lambda name: (not name.startswith("sample"), _natural(name))):
        is_sample = folder.split("/")[0] == "sample"
        named = points.get(folder, points.get(folder.split("/")[-1]))
        worth = _score(files, folder) if named is None else _whole(named, f"points of {folder}", 0, 10_000)
        groups.append(PackagedGroup(folder[:60], by_folder[folder], is_sample, 0 if is_sample else worth))
    return groups


def _score(files: Files, folder: str) -> int:
    """What a group's own settings make it worth: `max_score` since 2023-07, `accept_score` or `range` before."""
    if folder == "secret":
        return 0  # the whole, whose groups have the points
    settings = _settings(files, f"data/{folder}")
    value = settings.get("max_score", settings.get("accept_score"))
    if value is None and (bounds := _words(settings.get("range"))):
        value = bounds[-1]
    if value is None:
        return 0
    with contextlib.suppress(TypeError, ValueError):
        return _whole(float(value), f"points of {folder}", 0, 10_000)
    raise PackageError(f"points of {folder} is not a number from 0 to 10000.")


def _programs(files: Files, *, is_interactive: bool) -> list[PackagedProgram]:
    found = []
    for path in sorted(files):
        kind, expected = _kind_of(path)
        if kind == Program.Kind.CHECKER and is_interactive:
            kind = Program.Kind.INTERACTOR
        if kind is None:
            continue
        pure = PurePosixPath(path)
        language = next((each for each in languages.ALL if pure.suffix in each.suffixes), None)
        if language is None:
            continue  # a README, a header, a build script
        source = _text(files[path], path)
        found.append(PackagedProgram(kind, "/".join(pure.parts[1:])[:120], language.code, source, expected))
    return found


def _kind_of(path: str) -> tuple[str | None, str]:
    top, _, rest = path.partition("/")
    if top in ("input_validators", "input_format_validators", "input_validator"):
        return Program.Kind.VALIDATOR, ""
    if top in ("output_validators", "output_validator"):
        return (Program.Kind.INTERACTOR if "interact" in rest else Program.Kind.CHECKER), ""
    if top == "submissions" and rest.split("/")[0] in EXPECTED:
        return Program.Kind.SOLUTION, EXPECTED[rest.split("/")[0]]
    return None, ""


def _natural(name: str) -> list[tuple[int, int | str]]:
    """So that test 10 comes after test 9."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name)]


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PackageError(f"{where} is not a list of names and values.")
    return value


def _whole(value: Any, where: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise PackageError(f"{where} is not a number from {low} to {high}.")
    return int(value)


def _text(data: bytes, name: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise PackageError(f"{name} is not UTF-8 text.") from None
    if "\x00" in text:
        raise PackageError(f"{name} holds a NUL byte.")
    return text.replace("\r\n", "\n")
