"""Grades submissions: takes the next from a queue, has it compiled and run, and tells how it goes."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from threading import Event

from django.conf import settings

from judge import languages
from judge.custom_runs import run_next
from judge.grader import (
    Compiled,
    CompileFailed,
    Judged,
    RunLimits,
    as_text,
    by_checker,
    compile_program,
    run_in_order,
    run_test,
    sandboxes_for,
    uncompiled,
)
from judge.headers import prepare_in_background
from judge.models import Problem, Submission, TestResult
from judge.sandbox import RunStopped, SandboxError, Sandboxes, SandboxUnavailable, health
from judge.services import claims
from judge.testdata import LoadedTest, load_tests
from judge.validating import judging_program, output_check, run_interactive
from judge.verdicts import State, Verdict
from notifications.workers import is_stopping

logger = logging.getLogger("chowk.judge")

PROGRESS_SECONDS = 0.2
"""Between two events of a run at least: more often than people can see costs only time."""

FREE_NICE = 10
"""A tenth of the processor against a premium run on the same machine, all of it where there is none."""

MEMORY_SHARE = 0.5
"""Of a big machine's memory, for the tests that run side by side."""

SHOWN_OUTPUT_CHARS = 4000
"""Kept of what a program wrote on a sample."""


def grade_next(queue: str) -> bool:
    """Grade the queue's next submission; False where there is none, or where this machine cannot."""
    try:
        health.check()
    except SandboxUnavailable as error:
        logger.warning("submissions wait: %s", error)
        claims.mark_waiting(queue, reason=str(error)[:200])
        return False
    if settings.JUDGE_PRECOMPILED_HEADERS:
        prepare_in_background()
    # Someone looks at the screen and waits for each of these, and nobody has more than a few.
    if run_next(queue):
        return True
    submission = claims.claim_next(queue)
    if submission is None:
        return False
    try:
        with claims.holding(submission) as cancelled:
            _grade(submission, cancelled)
    except claims.ClaimLost:
        logger.warning("submission %s: the claim was lost, its verdict is another run's", submission.pk)
    except (claims.CancelAsked, RunStopped):
        _quietly(lambda: claims.finish(submission, verdict=Verdict.CANCELLED))
    except _Stopping:
        _quietly(lambda: claims.hand_back(submission, count_attempt=False))
    except (SandboxError, languages.ToolchainMissing):
        logger.exception("submission %s: the judge failed", submission.pk)
        _quietly(lambda: claims.hand_back(submission, count_attempt=True))
    except Exception:
        _quietly(lambda: claims.hand_back(submission, count_attempt=True))
        raise
    return True


class _Stopping(Exception):
    """The worker was told to stop."""


def _quietly(write: Callable[[], None]) -> None:
    try:
        write()
    except claims.ClaimLost:
        logger.warning("the claim was lost meanwhile")


class _NotCompiled(Exception):
    """The compiler refused the program; the message is what it said."""


def _grade(submission: Submission, cancelled: Event) -> None:
    language = languages.BY_CODE[submission.language]
    compiling = partial(compile_program, language, submission.source, nice=nice_of(submission.queue), stop=cancelled)
    try:
        if language.out:
            program, said = _compiled(compiling)
            _run_tests(submission, program, lambda: said, cancelled)
        else:
            # A script with an error in its syntax passes no test, so it is looked for only where one failed.
            program = uncompiled(language, submission.source)
            _run_tests(submission, program, lambda: _compiled(compiling)[1], cancelled)
    except _NotCompiled as refusal:
        toolchain = languages.toolchain_version(language.code)
        claims.finish(submission, verdict=Verdict.COMPILE_ERROR, compiler_output=str(refusal), toolchain=toolchain)


def _compiled(compiling: Callable[[], tuple[Compiled | CompileFailed, str]]) -> tuple[Compiled, str]:
    """The program and what the compiler said of it. Raises _NotCompiled, and what compiling raises."""
    program, said = compiling()
    if isinstance(program, CompileFailed):
        raise _NotCompiled(program.output)
    return program, said


def _run_tests(submission: Submission, program: Compiled, compiler_says: Callable[[], str], cancelled: Event) -> None:
    """Run the tests and write the verdict; of a script `compiler_says` is asked once a test has failed."""
    language = program.language
    tests = load_tests(submission.problem)
    tally = _Tally(tests)
    problem = submission.problem
    limits = RunLimits.of(
        language,
        time_limit_ms=problem.time_limit_ms,
        memory_limit_mib=problem.memory_limit_mib,
        output_limit_mib=problem.output_limit_mib,
        nice=nice_of(submission.queue),
        stop=cancelled,
    )
    told_at, told = time.monotonic(), 0
    said = compiler_says() if language.out else None
    begun = partial(claims.report_progress, submission, tests_done=0, tests_total=len(tests))
    at_once = tests_at_once(limits.memory_bytes)
    with sandboxes_for(program, limits, runs=len(tests), at_once=at_once) as sandboxes:
        for test, outcome in _outcomes(submission, sandboxes, limits, tests, tally, begun, at_once=at_once):
            if outcome.verdict != Verdict.ACCEPTED and said is None:
                said = compiler_says()
            tally.add(test, outcome, submission)
            _let_premium_pass(submission)
            if is_stopping() and not tally.is_decided:
                raise _Stopping
            if time.monotonic() - told_at >= PROGRESS_SECONDS and tally.done < len(tests):
                claims.report_progress(
                    submission, tests_done=tally.done, tests_total=len(tests), results=tally.results[told:]
                )
                told_at, told = time.monotonic(), len(tally.results)
        # The verdict does not wait for the end of sandboxes that were not used.
        claims.finish(
            submission,
            verdict=tally.verdict,
            results=tally.results,
            tests_total=len(tests),
            tests_done=tally.done,
            failed_test=tally.failed_test,
            points=tally.points,
            points_total=tally.points_total,
            cpu_ms=max((r.cpu_ms for r in tally.results), default=None),
            memory_kib=max((r.memory_kib for r in tally.results), default=None),
            detail=tally.detail,
            compiler_output=said or "",
            toolchain=languages.toolchain_version(language.code),
        )


def nice_of(queue: str) -> int:
    """How far the queue's programs stand back for others on the same machine."""
    return FREE_NICE if queue == Submission.Queue.FREE else 0


def _let_premium_pass(submission: Submission) -> None:
    """Between two tests of a free submission, grade what came on the premium queue, where this machine serves it."""
    if submission.queue != Submission.Queue.FREE or settings.JUDGE_MACHINE_CLASS != "big":
        return
    premium = Submission.Queue.PREMIUM
    while Submission.objects.filter(queue=premium, state=State.QUEUED).exists():
        if is_stopping() or not grade_next(premium):
            return


def run_one(
    problem: Problem, sandboxes: Sandboxes, judge: Compiled | None, limits: RunLimits, test: LoadedTest
) -> Judged:
    """One test, judged as the problem wants it."""
    flags = tuple(problem.checker_args.get("flags", ()))
    if judge is None:
        judgement = by_checker(problem.checker, problem.checker_args, test.answer)
        return run_test(sandboxes, limits, stdin=test.stdin, judgement=judgement)
    if problem.is_interactive:
        return run_interactive(sandboxes, limits, judge, stdin=test.stdin, answer=test.answer, flags=flags)
    with output_check(judge, stdin=test.stdin, answer=test.answer, flags=flags) as judgement:
        return run_test(sandboxes, limits, stdin=test.stdin, judgement=judgement)


def tests_at_once(memory_bytes: int) -> int:
    """How many tests, each of so much memory at most, this machine runs side by side."""
    if settings.JUDGE_MACHINE_CLASS != "big":
        return 1
    share = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * MEMORY_SHARE
    return max(1, min(os.cpu_count() or 1, int(share // memory_bytes)))


def _outcomes(
    submission: Submission,
    sandboxes: Sandboxes,
    limits: RunLimits,
    tests: list[LoadedTest],
    tally: "_Tally",
    begun: Callable[[], None],
    *,
    at_once: int,
) -> Iterator[tuple[LoadedTest, Judged]]:
    """Each test with its outcome, without those that can change nothing any more."""
    problem = submission.problem
    judge = judging_program(problem)
    chosen: list[LoadedTest] = []

    def tasks() -> Iterator[Callable[[], Judged]]:
        for test in tests:
            if tally.is_decided:
                return
            if tally.wants(test):
                chosen.append(test)
                yield partial(run_one, problem, sandboxes, judge, limits, test)

    for number, outcome in enumerate(run_in_order(tasks(), at_once=at_once, begun=begun)):
        yield chosen[number], outcome


@dataclass
class _Tally:
    """The results so far, and what they decide."""

    tests: list[LoadedTest]
    results: list[TestResult] = field(default_factory=list)
    failed_groups: set[int] = field(default_factory=set)
    first_failure: TestResult | None = None

    @property
    def done(self) -> int:
        return len(self.results)

    @property
    def points_total(self) -> int:
        return sum({test.group: test.points for test in self.tests}.values())

    @property
    def is_decided(self) -> bool:
        """Without points the first failure decides."""
        return self.first_failure is not None and not self.points_total

    def wants(self, test: LoadedTest) -> bool:
        return test.group not in self.failed_groups

    def add(self, test: LoadedTest, outcome: Judged, submission: Submission) -> None:
        if self.is_decided or not self.wants(test):
            return  # it ran beside the one that failed
        result = TestResult(
            submission=submission,
            number=test.number,
            is_sample=test.is_sample,
            verdict=outcome.verdict,
            cpu_ms=outcome.cpu_ms,
            wall_ms=outcome.wall_ms,
            memory_kib=outcome.memory_kib,
            detail=outcome.detail,
        )
        if test.is_sample:
            result.output = as_text(outcome.stdout)[:SHOWN_OUTPUT_CHARS]
            result.stderr = as_text(outcome.stderr)[:SHOWN_OUTPUT_CHARS]
        self.results.append(result)
        if outcome.verdict != Verdict.ACCEPTED:
            self.failed_groups.add(test.group)
            self.first_failure = self.first_failure or result

    @property
    def points(self) -> int:
        groups = {test.group: test.points for test in self.tests}
        return sum(points for group, points in groups.items() if group not in self.failed_groups)

    @property
    def verdict(self) -> Verdict:
        if self.first_failure is None:
            return Verdict.ACCEPTED if self.tests else Verdict.INTERNAL_ERROR
        return Verdict.PARTIAL if self.points else Verdict(self.first_failure.verdict)

    @property
    def failed_test(self) -> int | None:
        return self.first_failure.number if self.first_failure else None

    @property
    def detail(self) -> str:
        if not self.tests:
            return "The problem has no tests"
        return self.first_failure.detail if self.first_failure else ""
