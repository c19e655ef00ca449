"""A problem's own programs: output validators, interactors and input validators, in the sandbox like all others.

They are called as the ICPC/Kattis format says (output validators: `input answer feedbackdir`, 42 right, 43 wrong).
"""

import os
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

from judge import languages
from judge.grader import (
    Compiled,
    Judged,
    Judgement,
    RunLimits,
    as_text,
    compile_program,
    job_of,
    outcome_of,
    verdict_of,
)
from judge.models import Problem, Program
from judge.sandbox import BOX, MIB, Outcome, Run, Sandbox, SandboxError, Sandboxes, SealedFile, run
from judge.verdicts import Verdict

RIGHT, WRONG = 42, 43
FEEDBACK = "/tmp/feedback"  # noqa: S108  # in the sandbox, where /tmp is the run's own
MESSAGE_CHARS = 200
COMPILED_KEPT = 32
_PIPE_BYTES = 64 * 1024

_LIMITS = RunLimits(cpu_ms=10_000, memory_bytes=512 * MIB, output_bytes=4 * MIB)

_compiled: OrderedDict[tuple[int, int], Compiled] = OrderedDict()
_lock = Lock()


class ProgramBroken(SandboxError):
    """A problem's own program does not compile or does not answer as it should: nobody's submission is to blame."""


def judging_program(problem: Problem) -> Compiled | None:
    """The problem's output validator or interactor, compiled; None where it has none. Raises ProgramBroken."""
    if problem.checker != Problem.Checker.CUSTOM and not problem.is_interactive:
        return None
    kind = Program.Kind.INTERACTOR if problem.is_interactive else Program.Kind.CHECKER
    program = Program.objects.filter(problem=problem, kind=kind).first()
    if program is None:
        raise ProgramBroken(f"the problem has no {kind}")
    return compiled(program)


def compiled(program: Program) -> Compiled:
    """The program, compiled once in this process. Raises ProgramBroken."""
    key = (program.pk, hash(program.source))
    with _lock:
        if key in _compiled:
            _compiled.move_to_end(key)
            return _compiled[key]
    language = languages.BY_CODE.get(program.language)
    if language is None or not languages.is_installed(program.language):
        raise ProgramBroken(f"{program.name} is in a language that is not installed: {program.language}")
    result, said = compile_program(language, program.source)
    if not isinstance(result, Compiled):
        raise ProgramBroken(f"{program.name} does not compile: {said[-300:]}")
    with _lock:
        _compiled[key] = result
        while len(_compiled) > COMPILED_KEPT:
            _compiled.popitem(last=False)
    return result


@contextmanager
def output_check(
    checker: Compiled, *, stdin: SealedFile, answer: bytes, flags: tuple[str, ...] = ()
) -> Iterator[Judgement]:
    """The judgement of an output validator, whose sandbox is made while the program runs. It raises ProgramBroken."""
    with Sandbox(_judging_job(checker, _LIMITS, stdin=stdin, answer=answer, flags=flags)) as sandbox:

        def judgement(outcome: Outcome) -> tuple[bool, str]:
            sandbox.start(SealedFile(outcome.stdout, "output"))
            said = sandbox.wait()
            return _says(said), _message(said)

        yield judgement


def check_input(validator: Compiled, *, stdin: SealedFile) -> bool:
    """Whether an input validator accepts a test's input."""
    outcome = run(job_of(validator, _LIMITS), stdin=stdin)
    return outcome.ending == "exit" and outcome.exit_code == RIGHT


def run_interactive(
    sandboxes: Sandboxes,
    limits: RunLimits,
    interactor: Compiled,
    *,
    stdin: SealedFile,
    answer: bytes,
    flags: tuple[str, ...],
) -> Judged:
    """Run a program and the interactor against each other, each in a sandbox of its own. Raises SandboxError."""
    asking = RunLimits(
        cpu_ms=max(_LIMITS.cpu_ms, limits.cpu_ms * 2), memory_bytes=_LIMITS.memory_bytes, stop=limits.stop
    )
    job = _judging_job(interactor, asking, stdin=stdin, answer=answer, flags=flags)
    with ThreadPoolExecutor(max_workers=1) as pool, Sandbox(job) as asked:
        from_program, to_interactor = os.pipe2(os.O_CLOEXEC)
        from_interactor, to_program = os.pipe2(os.O_CLOEXEC)
        try:
            asked.start(from_program, to_program)
            ran = sandboxes.start(from_interactor, to_interactor)
            running = pool.submit(_see_end, ran, os.dup(from_interactor))
        finally:
            # Ours would keep each side from seeing the other's end.
            for fd in (from_program, to_interactor, from_interactor, to_program):
                os.close(fd)
        answered = asked.wait()
    outcome = running.result()
    verdict, detail = verdict_of(outcome, limits)
    is_right = answered.exit_code == RIGHT and answered.ending == "exit"
    is_wrong = answered.exit_code == WRONG and answered.ending == "exit"
    # An interactor that has seen enough hangs up, which may well end the program by SIGPIPE.
    if is_wrong and verdict in (None, Verdict.RUNTIME_ERROR):
        verdict, detail = Verdict.WRONG_ANSWER, _message(answered)
    elif verdict is None and is_right:
        verdict = Verdict.ACCEPTED
    elif verdict is None:
        raise ProgramBroken(f"the interactor ended by {answered.ending} with code {answered.exit_code}")
    return outcome_of(outcome, verdict, detail)


def _see_end(ran: Sandbox, unread: int) -> Outcome:
    """Wait for the program, then read what the interactor still writes, until it ends as well.

    So none of its writes fails, which would cost it its verdict; the end of the program it sees where it reads.
    """
    with ran, open(unread, "rb", buffering=0) as rest:
        outcome = ran.wait()
        while rest.read(_PIPE_BYTES):
            pass
        return outcome


def _judging_job(
    program: Compiled, limits: RunLimits, *, stdin: SealedFile, answer: bytes, flags: tuple[str, ...]
) -> Run:
    """An output validator's or an interactor's run for one test."""
    return job_of(
        program,
        limits,
        arguments=(f"{BOX}/input", f"{BOX}/answer", FEEDBACK, *flags),
        files={"input": stdin, "answer": SealedFile(answer, "answer")},
        feedback=FEEDBACK,
    )


def _says(outcome: Outcome) -> bool:
    if outcome.ending == "exit" and outcome.exit_code in (RIGHT, WRONG):
        return outcome.exit_code == RIGHT
    said = as_text(outcome.stderr)[-300:]
    raise ProgramBroken(f"the output validator ended by {outcome.ending} with code {outcome.exit_code}: {said}")


def _message(outcome: Outcome) -> str:
    """What the validator has for the team's eyes."""
    return " ".join(as_text(outcome.collected.get("teammessage.txt", b"")).split())[:MESSAGE_CHARS]
