"""The sandbox against programs that mean harm."""

import os
import signal
import subprocess
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings

from judge import grader, languages
from judge.grader import (
    Compiled,
    CompileFailed,
    Judged,
    RunLimits,
    by_checker,
    compile_program,
    run_test,
    sandboxes_for,
)
from judge.sandbox import MIB, Limits, SealedFile, cgroups, health
from judge.verdicts import Verdict
from tests.judge.attacks import ATTACKS, DEADLY, Attack, c

INPUT, ANSWER = SealedFile(b"1 2\n"), b"3\n"
LIMITS = RunLimits(cpu_ms=400, memory_bytes=64 * MIB, output_bytes=1 * MIB)


@pytest.fixture(autouse=True)
def _short_limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a limit need not wait long."""
    callspec = getattr(request.node, "callspec", None)
    attack = callspec.params.get("attack") if callspec else None
    if attack is None or attack.language not in SLOW_COMPILERS:
        monkeypatch.setattr(grader, "COMPILE_CPU_MS", 2500)
    monkeypatch.setattr(grader, "WALL_EXTRA_MS", 200)


SLOW_COMPILERS = ("java", "rust", "go")
SHARED = (tempfile.gettempdir(), "/dev/shm")  # noqa: S108  # looked at, not written to


def judge(attack: Attack) -> tuple[Verdict, str, Judged | None]:
    source = attack.source.replace("{project}", str(settings.BASE_DIR))
    language = languages.BY_CODE[attack.language]
    program, _ = compile_program(language, source)
    if isinstance(program, CompileFailed):
        return Verdict.COMPILE_ERROR, program.output, None
    # Java and Node need a while, and more memory, to begin at all.
    limits = RunLimits.of(language, time_limit_ms=2000, memory_limit_mib=64) if language.memory_extra_bytes else LIMITS
    with sandboxes_for(program, limits) as sandboxes:
        outcome = run_test(sandboxes, limits, stdin=INPUT, judgement=by_checker("tokens", {}, ANSWER))
    return outcome.verdict, outcome.detail, outcome


@lru_cache(maxsize=1)
def own_tree_root() -> str:
    return str(os.getpid())


def processes_of_the_sandbox() -> list[str]:
    """Whatever runs as the sandbox's user, or as bubblewrap under us."""
    found = subprocess.run(["ps", "-eo", "pid,ppid,uid,args"], capture_output=True, text=True, check=True).stdout
    uid = str(settings.JUDGE_SANDBOX_UID)
    return [
        line
        for line in found.splitlines()[1:]
        if (os.geteuid() == 0 and line.split()[2] == uid and line.split()[1] == own_tree_root())
        or ("bwrap" in line and line.split()[1] == own_tree_root())
    ]


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_each_attack_gets_its_verdict(attack: Attack, sandbox: health.Health) -> None:
    if not languages.is_installed(attack.language):
        pytest.skip(f"{attack.language} is not installed")
    started = time.monotonic()

    verdict, detail, outcome = judge(attack)

    said = outcome.stdout[:500] + outcome.stderr[-500:] if outcome else detail[-500:]
    assert verdict.value in attack.expected.split(), (verdict, detail, said)
    assert attack.detail in detail
    assert time.monotonic() - started < 60
    assert processes_of_the_sandbox() == []


@lru_cache(maxsize=1)
def killer() -> Compiled:
    source = '#include <signal.h>\n#include <stdio.h>\nint main(void) { int n; scanf("%d", &n); raise(n); }\n'
    program, said = compile_program(languages.BY_CODE["c"], source)
    assert isinstance(program, Compiled), said
    return program


@pytest.mark.parametrize("number", [each for each in signal.Signals if each.name in DEADLY])
def test_every_signal_ends_a_program_and_is_named(number: signal.Signals, sandbox: health.Health) -> None:
    stdin = SealedFile(str(int(number)).encode())

    with sandboxes_for(killer(), LIMITS) as sandboxes:
        judged = run_test(sandboxes, LIMITS, stdin=stdin, judgement=by_checker("tokens", {}, b""))

    assert (judged.verdict, judged.detail) == (Verdict.RUNTIME_ERROR, f"Ended by {number.name}")


def test_nothing_of_one_run_is_there_in_the_next(sandbox: health.Health) -> None:
    leave = "open('/tmp/left', 'w').write('x')\nprint(3)\n"
    look = "import os\nprint(3 if os.listdir('/tmp') == [] and os.listdir('/dev/shm') == [] else os.listdir('/tmp'))\n"

    assert judge(Attack("leave", "python3", leave, "AC"))[0] == Verdict.ACCEPTED
    assert judge(Attack("look", "python3", look, "AC"))[0] == Verdict.ACCEPTED


def test_what_a_program_does_to_its_input_is_its_own(sandbox: health.Health) -> None:
    hidden = next(attack for attack in ATTACKS if attack.name == "an input that nobody may read")
    echo = "import os\nprint(3 if os.fstat(0).st_mode & 0o777 else oct(os.fstat(0).st_mode))\n"

    assert judge(hidden)[0] == Verdict.ACCEPTED
    assert judge(Attack("echo", "python3", echo, "AC"))[0] == Verdict.ACCEPTED


def test_a_run_leaves_no_file_on_the_machine(sandbox: health.Health) -> None:
    before = {path.name for folder in SHARED for path in Path(folder).iterdir()}

    judge(Attack("files", "python3", "open('/tmp/chowk-attack', 'w').write('x')\nprint(3)\n", "AC"))

    after = {path.name for folder in SHARED for path in Path(folder).iterdir()}
    assert "chowk-attack" not in after - before


def test_cpu_time_of_children_counts(sandbox: health.Health) -> None:
    burn = "clock_t until = clock() + CLOCKS_PER_SEC / 10; while (clock() < until);"
    body = f'for (int i = 0; i < 3; i++) if (!fork()) {{ {burn} _exit(0); }} while (wait(0) > 0); puts("3");'

    verdict, _, outcome = judge(c("children", body, "AC", head="#include <time.h>"))

    assert verdict == Verdict.ACCEPTED
    assert outcome is not None
    assert 290 <= outcome.cpu_ms <= 400


def test_memory_is_measured(sandbox: health.Health) -> None:
    body = 'volatile char *p = malloc(32 << 20); for (int i = 0; i < 32 << 20; i += 4096) p[i] = 1; puts("3");'

    verdict, _, outcome = judge(c("memory", body, "AC"))

    assert verdict == Verdict.ACCEPTED
    assert outcome is not None
    assert 32 * 1024 <= outcome.memory_kib <= 36 * 1024


def test_a_fork_bomb_ends_by_the_limit_that_it_met_first(sandbox: health.Health) -> None:
    """Forks that are refused hold memory for a while, and may go over that limit too."""
    if not sandbox.counts_processes:
        pytest.skip("no cgroup counts processes here")
    bomb = next(attack for attack in ATTACKS if attack.name == "fork bomb")

    found = {judge(bomb)[:2] for _ in range(3)}

    assert found == {(Verdict.RUNTIME_ERROR, "Asked for too many processes or threads at once")}


def test_as_many_processes_as_are_allowed(sandbox: health.Health) -> None:
    allowed = Limits(cpu_ms=1, wall_ms=1, memory_bytes=1).processes
    body = f'for (int i = 1; i < {allowed}; i++) {{ int p = fork(); if (p < 0) abort(); if (!p) pause(); }} puts("3");'

    assert judge(c("children", body, "AC"))[0] == Verdict.ACCEPTED


@pytest.mark.parametrize("attack", [a for a in ATTACKS if "memory" in a.name], ids=lambda attack: attack.name)
def test_memory_is_bounded_without_cgroups(
    attack: Attack, sandbox: health.Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "find_parent", lambda: None)

    verdict, detail, _ = judge(attack)

    assert verdict.value in attack.expected.split(), detail
