from judge.models.callbacks import Callback
from judge.models.contests import Contest, ContestProblem, Participation
from judge.models.problems import Problem, Program, Test, TestGroup
from judge.models.runs import CustomRun
from judge.models.submissions import PastVerdict, Submission, TestResult, Turn

__all__ = [
    "Callback",
    "Contest",
    "ContestProblem",
    "CustomRun",
    "Participation",
    "PastVerdict",
    "Problem",
    "Program",
    "Submission",
    "Test",
    "TestGroup",
    "TestResult",
    "Turn",
]
