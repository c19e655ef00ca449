"""Whether a problem judges as its package says: inputs valid, good solutions accepted, bad ones refused."""

from collections.abc import Iterator

from judge import languages
from judge.grader import CompileFailed, RunLimits, compile_program, sandboxes_for
from judge.grading import run_one
from judge.models import Problem, Program
from judge.sandbox import SealedFile
from judge.testdata import load_tests
from judge.validating import check_input, compiled, judging_program
from judge.verdicts import Verdict


def check_problem(problem: Problem) -> Iterator[str]:
    """What is wrong, in words; nothing where all is well. Runs every solution. Raises SandboxError."""
    validators = problem.programs.filter(kind=Program.Kind.VALIDATOR)
    for validator in validators:
        program = compiled(validator)
        for test in problem.tests.order_by("number"):
            if not check_input(program, stdin=SealedFile(bytes(test.input))):
                yield f"{validator.name} refuses the input of test {test.number} ({test.name})."
    solutions = list(problem.programs.filter(kind=Program.Kind.SOLUTION))
    if not any(solution.expected == Verdict.ACCEPTED for solution in solutions):
        yield "There is no accepted solution to check the tests by."
    for solution in solutions:
        if not languages.is_installed(solution.language):
            continue
        verdict, where = verdict_of_solution(problem, solution)
        if verdict not in solution.expected.split():
            yield f"{solution.name} got {verdict}{where}, not {solution.expected}."


def verdict_of_solution(problem: Problem, solution: Program) -> tuple[str, str]:
    """What a solution gets, and on which test it fails."""
    language = languages.BY_CODE[solution.language]
    program, _ = compile_program(language, solution.source)
    if isinstance(program, CompileFailed):
        return Verdict.COMPILE_ERROR, ""
    limits = RunLimits.of(
        language,
        time_limit_ms=problem.time_limit_ms,
        memory_limit_mib=problem.memory_limit_mib,
        output_limit_mib=problem.output_limit_mib,
    )
    judge = judging_program(problem)
    tests = load_tests(problem)
    points = {test.group: test.points for test in tests}
    failed: dict[int, tuple[str, str]] = {}
    with sandboxes_for(program, limits, runs=len(tests)) as sandboxes:
        for test in tests:
            if test.group in failed:
                continue
            judged = run_one(problem, sandboxes, judge, limits, test)
            if judged.verdict != Verdict.ACCEPTED:
                failed[test.group] = judged.verdict, f" on test {test.number}"
                if not any(points.values()):
                    break
    if any(worth for group, worth in points.items() if group not in failed) and failed:
        return Verdict.PARTIAL, ""
    return next(iter(failed.values()), (Verdict.ACCEPTED, ""))
