"""The only door for writes of the judge."""

from judge.services.rejudging import rejudge, rejudge_problem
from judge.services.runs import run_custom
from judge.services.submissions import cancel_submission, submit

__all__ = ["cancel_submission", "rejudge", "rejudge_problem", "run_custom", "submit"]
