"""The words for how a submission ends."""

from django.db import models


class Verdict(models.TextChoices):
    """What a test or a submission got; the value is the code that users know."""

    ACCEPTED = "AC", "Accepted"
    PARTIAL = "PT", "Partial"
    WRONG_ANSWER = "WA", "Wrong answer"
    TIME_LIMIT = "TLE", "Time limit exceeded"
    MEMORY_LIMIT = "MLE", "Memory limit exceeded"
    OUTPUT_LIMIT = "OLE", "Output limit exceeded"
    RUNTIME_ERROR = "RTE", "Runtime error"
    COMPILE_ERROR = "CE", "Compile error"
    INTERNAL_ERROR = "IE", "Internal error"
    CANCELLED = "CA", "Cancelled"


class State(models.TextChoices):
    """Where a submission is on its way; only `done` has a verdict."""

    QUEUED = "queued", "Queued"
    COMPILING = "compiling", "Compiling"
    RUNNING = "running", "Running"
    DONE = "done", "Done"


UNFINISHED = (State.QUEUED, State.COMPILING, State.RUNNING)
STARTED = (State.COMPILING, State.RUNNING)

PILLS = {
    Verdict.ACCEPTED: ("good", "check"),
    Verdict.PARTIAL: ("warn", "circle-check"),
    Verdict.TIME_LIMIT: ("warn", "timer"),
    Verdict.CANCELLED: ("", "x"),
    Verdict.INTERNAL_ERROR: ("warn", "triangle-alert"),
}
"""Colour and icon of the pill that shows a verdict; any other is bad."""


def pill_of(verdict: str) -> tuple[str, str]:
    """The pill's variant and icon."""
    return PILLS.get(Verdict(verdict), ("bad", "x")) if verdict else ("busy", "")
