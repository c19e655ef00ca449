"""The judge's jobs: a wake-up each; the submissions table says what is to be done."""

from judge import grading


def grade_next(queue: str) -> None:
    """Grade the next submission of the queue, if there is one."""
    grading.grade_next(queue)
