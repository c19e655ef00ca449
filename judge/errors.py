"""What the judge refuses, and why."""

from notifications.errors import AppError


class JudgeError(AppError):
    """Base of the judge's refusals."""


class ProblemNotFound(JudgeError):
    """No such problem, or none this person may see."""

    code = "problem_not_found"
    status = 404
    message = "There is no such problem."


class SubmissionNotFound(JudgeError):
    """No such submission, or none this person may see."""

    code = "submission_not_found"
    status = 404
    message = "There is no such submission."


class UnknownLanguage(JudgeError):
    code = "unknown_language"
    message = "That language is not offered here."


class SourceEmpty(JudgeError):
    code = "source_empty"
    message = "There is no code to judge."


class SourceTooLong(JudgeError):
    code = "source_too_long"
    message = "That is more than 64 KiB of code."


class SourceNotText(JudgeError):
    code = "source_not_text"
    message = "Code is text: a NUL byte is not."


class StdinTooLong(JudgeError):
    code = "stdin_too_long"
    message = "That is more than 64 KiB of input."


class RunNotFound(JudgeError):
    """No such run, or someone else's."""

    code = "run_not_found"
    status = 404
    message = "There is no such run."


class ContestNotFound(JudgeError):
    """No such contest, or none that is published."""

    code = "contest_not_found"
    status = 404
    message = "There is no such contest."


class TooManyWaiting(JudgeError):
    code = "too_many_waiting"
    status = 429
    message = "So many of your submissions are waiting that you cannot add another yet."


class TooFast(JudgeError):
    """`retry_after` says in how many seconds the next one is taken."""

    code = "too_fast"
    status = 429
    message = "That is more than this judge takes of one person in a minute."


class KeyReused(JudgeError):
    code = "idempotency_key_reused"
    status = 422
    message = "This key was used for another submission."


class UnusableCallback(JudgeError):
    code = "unusable_callback"
    status = 422
    message = "This callback cannot be used."


class NotCancellable(JudgeError):
    code = "not_cancellable"
    status = 409
    message = "That submission has its verdict already."


class PackageError(JudgeError):
    """A problem package that cannot be imported; the message says which file and why."""

    code = "bad_package"
    message = "That is not a problem package."
