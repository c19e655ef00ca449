"""Compiles and runs a program against tests in the sandbox. Knows no database: what it finds out, it tells."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

from judge import languages
from judge.checkers import CHECKERS
from judge.headers import headers_folder
from judge.languages import Language
from judge.sandbox import BOX, MIB, Limits, Outcome, Run, Sandboxes, SealedFile, run
from judge.verdicts import Verdict

COMPILE_CPU_MS = 15_000
COMPILE_WALL_MS = 15_000
COMPILER_OUTPUT_BYTES = 16 * 1024
"""Of the compiler's text, which templates can make endless."""

COMPILED_FILES = 200
"""Of a compiled program: each takes a descriptor of the worker."""

WALL_FACTOR = 2
WALL_EXTRA_MS = 1000
"""Wall clock beyond the CPU limit before a run counts as asleep: machines are shared."""

NOISE_SHARE = 0.10
"""A run that is over its time limit by no more than this is run again before it is called so."""


Judgement = Callable[[Outcome], tuple[bool, str]]
"""Whether what a program wrote is right, and what is said of it."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program ready to run: the files that lie in its box."""

    language: Language
    files: Mapping[str, SealedFile]


@dataclass(frozen=True, slots=True)
class CompileFailed:
    """The compiler's refusal, in its words, bounded."""

    output: str


@dataclass(frozen=True, slots=True)
class RunLimits:
    """A problem's limits as one language has them."""

    cpu_ms: int
    memory_bytes: int
    output_bytes: int = 8 * MIB
    nice: int = 0
    stop: Event | None = None
    """Set by another thread, ends the run."""

    @classmethod
    def of(
        cls,
        language: Language,
        *,
        time_limit_ms: int,
        memory_limit_mib: int,
        output_limit_mib: int = 8,
        nice: int = 0,
        stop: Event | None = None,
    ) -> "RunLimits":
        return cls(
            cpu_ms=round(time_limit_ms * language.time_factor),
            memory_bytes=memory_limit_mib * MIB + language.memory_extra_bytes,
            output_bytes=output_limit_mib * MIB,
            nice=nice,
            stop=stop,
        )

    @property
    def wall_ms(self) -> int:
        return self.cpu_ms * WALL_FACTOR + WALL_EXTRA_MS


@dataclass(frozen=True, slots=True)
class Judged:
    """What a program made of one test."""

    verdict: Verdict
    cpu_ms: int
    wall_ms: int
    memory_kib: int
    detail: str
    stdout: bytes
    stderr: bytes


def uncompiled(language: Language, source: str) -> Compiled:
    """The source as it is, for languages that run it themselves."""
    return Compiled(language, {language.source_name: SealedFile(source.encode(), "source")})


def compile_program(
    language: Language, source: str, *, nice: int = 0, stop: Event | None = None
) -> tuple[Compiled | CompileFailed, str]:
    """Compile in the sandbox; the second value is what the compiler said, warnings included.

    Raises:
        SandboxError, SandboxUnavailable, ToolchainMissing, RunStopped
    """
    plain = uncompiled(language, source)
    if not language.is_compiled:
        return plain, ""
    command = languages.fill(language.compile, language.code)
    folders = languages.folders_of(language)
    headers = headers_folder(language.code)
    if headers:
        command, folders = (*command, "-isystem", headers), (*folders, headers)
    outcome = run(
        Run(
            argv=command,
            limits=Limits(
                cpu_ms=COMPILE_CPU_MS,
                wall_ms=COMPILE_WALL_MS,
                memory_bytes=language.compile_memory_bytes,
                output_bytes=1 * MIB,
                file_bytes=128 * MIB,
                tmp_bytes=256 * MIB,
                open_files=256,
                nice=nice,
                bounded_address_space=language.bounded_address_space,
            ),
            files=plain.files,
            environment=language.environment,
            folders=folders,
            needs_proc=language.needs_proc or language.compiler_needs_proc,
            collect=language.out,
            stop=stop,
        )
    )
    said = as_text((outcome.stderr + outcome.stdout)[:COMPILER_OUTPUT_BYTES]).replace(f"{BOX}/", "")
    if not outcome.is_ok:
        return CompileFailed(_why_not_compiled(outcome, said)), said
    if not language.out:
        return plain, said
    if outcome.collected_too_much or not outcome.collected:
        return CompileFailed(said + "\nThe compiled program is too large."), said
    if len(outcome.collected) > COMPILED_FILES:
        return CompileFailed(f"{said}\nThe compiled program has more than {COMPILED_FILES} files (classes)."), said
    return Compiled(language, {name: SealedFile(data, name) for name, data in outcome.collected.items()}), said


def job_of(
    program: Compiled,
    limits: RunLimits,
    *,
    arguments: tuple[str, ...] = (),
    files: Mapping[str, SealedFile] | None = None,
    feedback: str = "",
) -> Run:
    """The sandbox's order for a compiled program; `feedback` is a folder that it may write and that is brought out."""
    language = program.language
    argv = languages.fill(language.run, language.code, memory_bytes=limits.memory_bytes - language.memory_extra_bytes)
    return Run(
        argv=(*argv, *arguments),
        # Killed a little later than the limit, so that a run within the noise is seen to its end.
        limits=Limits(
            cpu_ms=round(limits.cpu_ms * (1 + NOISE_SHARE)),
            wall_ms=limits.wall_ms,
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.output_bytes,
            nice=limits.nice,
            bounded_address_space=language.bounded_address_space,
        ),
        files={**program.files, **(files or {})},
        environment=language.environment,
        folders=languages.folders_of(language),
        needs_proc=language.needs_proc,
        make_folders=(feedback,) if feedback else (),
        collect=feedback,
        collect_bytes=1 * MIB,
        stop=limits.stop,
    )


def sandboxes_for(program: Compiled, limits: RunLimits, *, runs: int = 1, at_once: int = 1) -> Sandboxes:
    """The sandboxes for so many runs of a program, to be closed."""
    return Sandboxes(job_of(program, limits), runs=runs, at_once=at_once)


def run_within_noise(sandboxes: Sandboxes, limits: RunLimits, *, stdin: SealedFile | None) -> Outcome:
    """Run, and once more where the first run was over its time limit by no more than the noise."""
    outcome = sandboxes.run(stdin=stdin)
    over_us = outcome.cpu_us - limits.cpu_ms * 1000
    if over_us > 0 and outcome.ending != "cpu":
        again = sandboxes.run(stdin=stdin)
        return min(outcome, again, key=lambda each: each.cpu_us)
    return outcome


def run_test(
    sandboxes: Sandboxes,
    limits: RunLimits,
    *,
    stdin: SealedFile,
    judgement: Judgement,
) -> Judged:
    """Run one test and have what came out judged. Raises SandboxError."""
    outcome = run_within_noise(sandboxes, limits, stdin=stdin)
    verdict, detail = verdict_of(outcome, limits)
    if verdict is None:
        right, detail = judgement(outcome)
        verdict = Verdict.ACCEPTED if right else Verdict.WRONG_ANSWER
    return outcome_of(outcome, verdict, detail)


def by_checker(checker: str, args: dict[str, Any], expected: bytes) -> Judgement:
    """The judgement of a checker of our own."""
    return lambda outcome: (CHECKERS[checker](expected, outcome.stdout, args), "")


def outcome_of(outcome: Outcome, verdict: Verdict, detail: str) -> Judged:
    return Judged(
        verdict=verdict,
        cpu_ms=-(-outcome.cpu_us // 1000),
        wall_ms=-(-outcome.wall_us // 1000),
        memory_kib=outcome.peak_bytes // 1024,
        detail=detail,
        stdout=outcome.stdout,
        stderr=outcome.stderr,
    )


def verdict_of(outcome: Outcome, limits: RunLimits) -> tuple[Verdict | None, str]:
    """The verdict that a run's end gives by itself, None where its output decides; and the end in words."""
    if outcome.ending == "output":
        return Verdict.OUTPUT_LIMIT, f"More than {limits.output_bytes // MIB} MiB of output"
    if outcome.ending == "processes":
        return Verdict.RUNTIME_ERROR, "Asked for too many processes or threads at once"
    if outcome.ending == "memory":
        return Verdict.MEMORY_LIMIT, f"More than {limits.memory_bytes // MIB} MiB of memory"
    if outcome.ending == "wall":
        return Verdict.TIME_LIMIT, "Idle: it neither worked nor ended"
    if outcome.ending == "cpu" or outcome.cpu_us > limits.cpu_ms * 1000:
        return Verdict.TIME_LIMIT, ""
    if outcome.ending == "signal":
        return Verdict.RUNTIME_ERROR, f"Ended by {signal_name(outcome.signal)}"
    if outcome.exit_code != 0:
        return Verdict.RUNTIME_ERROR, f"Exit code {outcome.exit_code}"
    return None, ""


def signal_name(number: int) -> str:
    """SIGSEGV for 11, and so on."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run_in_order(
    tasks: Iterable[Callable[[], Judged]], *, at_once: int, begun: Callable[[], None]
) -> Iterator[Judged]:
    """The outcomes of the tasks in their order, so many at once; a reader who stops early leaves the rest unrun.

    `begun` is called once, while the first are on their way where there are several at once.
    """
    if at_once <= 1:
        begun()
        for task in tasks:
            yield task()
        return
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="test") as pool:
        waiting: deque[Future[Judged]] = deque()
        try:
            for number, task in enumerate(tasks):
                waiting.append(pool.submit(task))
                if number == 0:
                    begun()
                if len(waiting) > at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _why_not_compiled(outcome: Outcome, said: str) -> str:
    reasons = {
        "cpu": "The compiler took too long.",
        "wall": "The compiler took too long.",
        "memory": "The compiler needed too much memory.",
        "output": "The compiler wrote too much.",
        "processes": "The compiler needed too many processes.",
        "signal": f"The compiler ended by {signal_name(outcome.signal)}.",
    }
    reason = reasons.get(outcome.ending, "")
    return f"{said.rstrip()}\n{reason}".strip() or f"The compiler ended with code {outcome.exit_code}."


def as_text(data: bytes) -> str:
    # A NUL is text to Python and an error to PostgreSQL.
    return data.decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
