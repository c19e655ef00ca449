"""The worker's side of custom runs."""

import logging

from judge import languages
from judge.grader import (
    CompileFailed,
    RunLimits,
    as_text,
    compile_program,
    run_within_noise,
    sandboxes_for,
    verdict_of,
)
from judge.models import CustomRun
from judge.sandbox import SandboxError, SealedFile
from judge.services.runs import claim_next_run, finish_run
from judge.verdicts import Verdict

logger = logging.getLogger("chowk.judge")

SHOWN_CHARS = 16_000
"""Of each stream's text, for the page and the event."""


def run_next(queue: str) -> bool:
    """Make the queue's next custom run; False where none waits."""
    run = claim_next_run(queue)
    if run is None:
        return False
    try:
        _make(run)
    except (SandboxError, languages.ToolchainMissing):
        # Its lease runs out, and the sweeper tries again.
        logger.exception("run %s: the judge failed", run.pk)
    return True


def _make(run: CustomRun) -> None:
    language = languages.BY_CODE[run.language]
    program, said = compile_program(language, run.source)
    if isinstance(program, CompileFailed):
        finish_run(run, verdict=Verdict.COMPILE_ERROR, compiler_output=program.output)
        return
    limits = RunLimits.of(
        language,
        time_limit_ms=run.time_limit_ms,
        memory_limit_mib=run.memory_limit_mib,
        output_limit_mib=run.output_limit_mib,
    )
    stdin = SealedFile(run.stdin.encode(errors="replace"), "stdin")
    with sandboxes_for(program, limits) as sandboxes:
        outcome = run_within_noise(sandboxes, limits, stdin=stdin)
    verdict, detail = verdict_of(outcome, limits)
    finish_run(
        run,
        verdict=verdict or Verdict.ACCEPTED,
        detail=detail,
        stdout=as_text(outcome.stdout[: SHOWN_CHARS * 4])[:SHOWN_CHARS],
        stderr=as_text(outcome.stderr[: SHOWN_CHARS * 4])[:SHOWN_CHARS],
        compiler_output=said,
        cpu_ms=-(-outcome.cpu_us // 1000),
        memory_kib=outcome.peak_bytes // 1024,
    )
