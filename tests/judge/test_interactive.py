"""A program and an interactor against each other."""

import time
from threading import Event, Timer

import pytest

from judge import languages
from judge.grader import Compiled, Judged, RunLimits, sandboxes_for, uncompiled
from judge.sandbox import MIB, RunStopped, SealedFile
from judge.validating import ProgramBroken, run_interactive
from judge.verdicts import Verdict


def python(source: str) -> Compiled:
    return uncompiled(languages.BY_CODE["python3"], source)


def play(program: str, interactor: str, stop: Event | None = None) -> Judged:
    limits = RunLimits(cpu_ms=2000, memory_bytes=64 * MIB, stop=stop)
    with sandboxes_for(python(program), limits) as sandboxes:
        return run_interactive(sandboxes, limits, python(interactor), stdin=SealedFile(b"7\n"), answer=b"", flags=())


AFTER_THE_END = """
import sys
assert sys.stdin.read() == {said!r}
for _ in range(300):
    print("x" * 1000, flush=True)
open(sys.argv[3] + "/teammessage.txt", "w").write("the end")
sys.exit({code})
"""
"""Writes, when the program has ended, more than a pipe holds."""


@pytest.mark.parametrize(("code", "verdict"), [(42, Verdict.ACCEPTED), (43, Verdict.WRONG_ANSWER)])
def test_an_interactor_may_write_to_a_program_that_has_ended(code: int, verdict: Verdict) -> None:
    judged = play("print('bye')", AFTER_THE_END.format(said="bye\n", code=code))
    assert judged.verdict == verdict
    assert judged.detail == ("the end" if code == 43 else "")


def test_a_program_that_fails_is_judged_by_its_own_end() -> None:
    judged = play("import os; os._exit(3)", AFTER_THE_END.format(said="", code=42))
    assert (judged.verdict, judged.detail) == (Verdict.RUNTIME_ERROR, "Exit code 3")


def test_an_interactor_that_hangs_up_gives_the_verdict() -> None:
    judged = play("while True: print('guess', flush=True)", "import sys; input(); sys.exit(43)")
    assert judged.verdict == Verdict.WRONG_ANSWER


def test_an_interactor_with_another_code_is_broken() -> None:
    with pytest.raises(ProgramBroken, match="code 1"):
        play("pass", "raise SystemExit(1)")


def test_a_game_that_is_stopped_ends_at_once() -> None:
    stop = Event()
    Timer(1.0, stop.set).start()
    began = time.monotonic()
    with pytest.raises(RunStopped):
        play("pass", "import time; time.sleep(60)", stop)
    assert time.monotonic() - began < 10
