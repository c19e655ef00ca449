"""The languages: each runs, each is described, and what is missing is said."""

import io
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command

from judge import grading, languages
from judge.grader import Compiled, RunLimits, compile_program, job_of
from judge.languages import Language
from judge.management.commands.judge_doctor import self_test
from judge.sandbox import MIB, Outcome, SealedFile, health, run


def run_python(source: str, stdin: str = "") -> Outcome:
    program, said = compile_program(languages.BY_CODE["python3"], source)
    assert isinstance(program, Compiled), said
    job = job_of(program, RunLimits(cpu_ms=2000, memory_bytes=64 * MIB))
    return run(job, stdin=SealedFile(stdin.encode()))


@pytest.mark.parametrize("language", languages.ALL, ids=lambda language: language.code)
def test_each_language_passes_its_self_test(language: Language, sandbox: health.Health) -> None:
    if not languages.is_installed(language.code):
        pytest.skip(f"{language.code} is not installed")
    assert self_test(language) == ""
    assert languages.toolchain_version(language.code) or not language.version


def test_the_doctor_says_what_works_and_what_to_install(
    sandbox: health.Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    which = shutil.which
    known = ("python3", "cat", "bwrap")
    monkeypatch.setattr(shutil, "which", lambda name, **how: which(name, **how) if Path(name).name in known else None)
    languages.locate.cache_clear()
    out = io.StringIO()
    try:
        call_command("judge_doctor", stdout=out)
    finally:
        languages.locate.cache_clear()

    lines = out.getvalue().splitlines()
    assert lines[0].startswith("Sandbox: works; memory limited by ")
    assert "Python 3             works  (Python 3." in out.getvalue()
    assert "Rust                 missing: Rust needs rustc: apt-get install rustc gcc libc6-dev" in lines


@pytest.mark.parametrize(
    ("source", "exit_code", "written"),
    [
        ("print(3)\nexit()\nprint(4)\n", 0, "3\n"),
        ("print(3)\nquit(7)\n", 7, "3\n"),
        ("print(__name__, __file__, 'sys' in globals())\n", 0, "__main__ /box/main.py False\n"),
        ("from __future__ import annotations\ndef f(x: nonsense): return x\nprint(f(3))\n", 0, "3\n"),
        (
            "import pickle\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n"
            "print(pickle.loads(pickle.dumps(A(3))))\n",
            0,
            "A(x=3)\n",
        ),
        ("def deep(n): return n and deep(n - 1)\nprint(deep(980))\n", 0, "0\n"),
        ("import sys\nprint(sys.argv, sys.stdin.read())\n", 0, "['/box/main.py'] one\n"),
    ],
)  # fmt: skip
def test_python_runs_as_from_its_file(source: str, exit_code: int, written: str, sandbox: health.Health) -> None:
    outcome = run_python(source, "one")

    assert (outcome.exit_code, outcome.stdout.decode(), outcome.stderr) == (exit_code, written, b"")


def test_a_traceback_begins_in_the_program(sandbox: health.Health) -> None:
    outcome = run_python("def f():\n    return 1 // 0\nf()\n")

    assert outcome.exit_code == 1
    assert outcome.stderr.decode().splitlines()[:3] == [
        "Traceback (most recent call last):",
        '  File "/box/main.py", line 3, in <module>',
        "    f()",
    ]


def test_a_big_machine_runs_as_many_tests_as_its_memory_holds(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JUDGE_MACHINE_CLASS = "big"  # type: ignore[attr-defined]  # pytest-django's
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2048 * MIB // 4096}
    monkeypatch.setattr("os.sysconf", sizes.__getitem__)

    assert [grading.tests_at_once(mib * MIB) for mib in (64, 256, 2048)] == [8, 4, 1]
    settings.JUDGE_MACHINE_CLASS = "small"  # type: ignore[attr-defined]
    assert grading.tests_at_once(64 * MIB) == 1
