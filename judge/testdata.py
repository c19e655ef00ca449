"""A problem's tests as a worker holds them: loaded once, sealed, and kept while they are used."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from judge.models import Problem, Test
from judge.sandbox import MIB, SealedFile

KEPT_BYTES = 256 * MIB
"""Of inputs and answers in one worker; beyond, the problem that was not used for longest goes."""

KEPT_TESTS = 400
"""As above: each takes a descriptor, of which a process has a thousand or so."""


@dataclass(frozen=True, slots=True)
class LoadedTest:
    """One test, ready to be run."""

    number: int
    group: int
    is_sample: bool
    points: int
    """Of the whole group."""
    stdin: SealedFile
    answer: bytes


_kept: OrderedDict[tuple[int, int, datetime], list[LoadedTest]] = OrderedDict()
_lock = Lock()


def load_tests(problem: Problem) -> list[LoadedTest]:
    """The problem's tests in the order of running; from memory where this version was loaded before."""
    key = (problem.pk, problem.tests_version, problem.updated_at)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    tests = [
        LoadedTest(
            number=test.number,
            group=test.group.number,
            is_sample=test.group.is_sample,
            points=test.group.points,
            stdin=SealedFile(bytes(test.input), f"test {test.number}"),
            answer=bytes(test.answer),
        )
        for test in Test.objects.filter(problem=problem).select_related("group").order_by("number")
    ]
    with _lock:
        for old in [old for old in _kept if old[0] == problem.pk]:
            del _kept[old]
        _kept[key] = tests
        while len(_kept) > 1 and (
            sum(map(len, _kept.values())) > KEPT_TESTS or sum(map(_bytes, _kept.values())) > KEPT_BYTES
        ):
            _kept.popitem(last=False)
    return tests


def _bytes(tests: list[LoadedTest]) -> int:
    return sum(test.stdin.size + len(test.answer) for test in tests)
