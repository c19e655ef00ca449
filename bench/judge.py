"""How fast the judge is: `make bench-judge`. Against DMOJ's judge 4.1 where it can be installed, in one run.

The last line is `python_vs_dmoj=… cpp_vs_dmoj=… overhead_ms=… premium_p95_vs_idle=…`; the first two are how many times
faster a submission of ten tests gets its verdict.
"""

import os
import platform
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

PROJECT_DIR = Path(__file__).resolve().parent.parent
WORK = Path(tempfile.mkdtemp(prefix="chowk-bench-judge-"))
os.environ.update(
    DJANGO_SETTINGS_MODULE="config.settings", VAR_DIR=str(WORK / "var"), LOG_LEVEL="ERROR", JUDGE_MACHINE_CLASS="big"
)
os.environ.pop("DATABASE_URL", None)
os.environ.pop("REDIS_URL", None)
sys.path.insert(0, str(PROJECT_DIR))

import django  # noqa: E402  # the environment above decides what it reads

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402

from judge import languages  # noqa: E402
from judge.grader import Compiled, RunLimits, compile_program, job_of, sandboxes_for  # noqa: E402
from judge.models import Problem, Submission  # noqa: E402
from judge.packages.reading import Package, PackagedGroup, PackagedTest  # noqa: E402
from judge.sandbox import MIB, Outcome, SealedFile, health, run  # noqa: E402
from judge.services import submissions  # noqa: E402
from judge.services.problems import import_package  # noqa: E402
from notifications.queues import push_job  # noqa: E402

TESTS = 10
ROUNDS = 9
OVERHEAD_ROUNDS = 20
FLOOD = 200
PREMIUM_ROUNDS = 25
TURN_SECONDS = 0.2
ORDINARY_USER = 61_001

PYTHON = "a, b = map(int, input().split())\nprint(a + b)\n# {}\n"
CPP = "#include <iostream>\nint main() {{ long long a, b; std::cin >> a >> b; std::cout << a + b; }}\n// {}\n"
BURN = "int main(void) { volatile long s = 0; for (long i = 0; i < 600000000; i++) s += i; }\n"

_processes: list[subprocess.Popen[Any]] = []


def manage(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    log = (WORK / f"{'-'.join(arguments)}.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, str(PROJECT_DIR / "manage.py"), *arguments],
        env={**os.environ, **environment},
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=PROJECT_DIR,
    )
    _processes.append(process)
    return process


def start_workers() -> tuple[User, User, Problem]:
    """A database, a Redis, a worker of each class, and two people."""
    call_command("migrate", verbosity=0)
    manage("embedded_redis")
    while not push_job("judge-free", "judge.jobs.grade_next", "judge-free"):
        time.sleep(0.1)
    manage("rqworker", "judge-premium", "judge-free", JUDGE_MACHINE_CLASS="big")
    manage("rqworker", "judge-free", JUDGE_MACHINE_CLASS="small")
    people = User.objects.create_user("premium"), User.objects.create_user("free")
    submissions.plan_of = lambda user: "premium" if user.username == "premium" else "free"  # type: ignore[assignment]
    cases = [PackagedTest(str(i), f"{i} {7 * i}\n".encode(), f"{8 * i}\n".encode()) for i in range(1, TESTS + 1)]
    problem = import_package(Package("sum", "Sum", "Add.", [PackagedGroup("secret", cases)], time_limit_ms=2000))
    return *people, problem


def judged_seconds(author: User, problem: Problem, language: str, source: str) -> float:
    """From handing in to the verdict in the database."""
    started = time.perf_counter()
    submission = submissions.submit(author=author, problem=problem, language=language, source=source)
    waiting = Submission.objects.filter(pk=submission.pk).values_list("verdict", flat=True)
    while not (verdict := waiting.get()):
        time.sleep(0.001)
    seconds = time.perf_counter() - started
    assert verdict == "AC", verdict
    return seconds


class Dmoj:
    """DMOJ's judge in its own shell, as an ordinary user."""

    def __init__(self) -> None:
        packages = self._install()
        folder = WORK / "dmoj"
        problem = folder / "problems" / "sum"
        problem.mkdir(parents=True)
        cases = []
        for i in range(1, TESTS + 1):
            (problem / f"{i}.in").write_text(f"{i} {7 * i}\n")
            (problem / f"{i}.out").write_text(f"{8 * i}\n")
            cases.append(f"- {{in: {i}.in, out: {i}.out, points: 1}}\n")
        (problem / "init.yml").write_text("test_cases:\n" + "".join(cases))
        (folder / "config.yml").write_text(
            f"problem_storage_globs:\n  - {folder}/problems/*\n"
            "runtime:\n  python3: /usr/bin/python3\n  g++17: /usr/bin/g++\n"
        )
        self.folder = folder
        for path in (WORK, folder):
            path.chmod(0o777)
        options: dict[str, Any] = {"user": ORDINARY_USER, "group": ORDINARY_USER, "extra_groups": []}
        self.process = subprocess.Popen(
            [
                *("/usr/bin/python3", "-c", "from dmoj.cli import main; main()", "-c", str(folder / "config.yml")),
                *("-e", "PY3,CPP17", "--no-ansi", "--skip-self-test", "--history", str(folder / "history")),
            ],
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": packages, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **(options if os.geteuid() == 0 else {}),
        )
        _processes.append(self.process)

    def _install(self) -> str:
        """Where its packages are; installed once, for the system's Python, where an ordinary user may read them."""
        packages = Path(tempfile.gettempdir()) / "chowk-bench-dmoj"
        if not (packages / "dmoj").is_dir():
            pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(packages), "dmoj==4.1.0"]
            subprocess.run(pip, check=True, stdout=subprocess.DEVNULL)
        return str(packages)

    def seconds(self, language: str, source: str) -> float:
        path = self.folder / f"source-{time.monotonic_ns()}{'.py' if language == 'PY3' else '.cpp'}"
        path.write_text(source)
        path.chmod(0o644)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        started = time.perf_counter()
        self.process.stdin.write(f"submit sum {language} {path}\n")
        self.process.stdin.flush()
        accepted = 0
        for line in self.process.stdout:
            accepted += " AC " in line
            if "Done grading" in line:
                assert accepted == TESTS, accepted
                return time.perf_counter() - started
            if "error" in line.lower():
                raise RuntimeError(line)
        raise RuntimeError("DMOJ's judge ended")


def compare(author: User, problem: Problem) -> tuple[float, float]:
    """How many times faster than DMOJ's judge: Python, C++; in turns, the medians."""
    try:
        dmoj = Dmoj()
        dmoj.seconds("PY3", PYTHON.format("warm"))
        dmoj.seconds("CPP17", CPP.format("warm"))
    except (OSError, RuntimeError, AssertionError, subprocess.CalledProcessError) as error:
        print(f"DMOJ's judge does not run here ({error}): apt-get install libseccomp-dev")
        dmoj = None
    ratios = []
    for name, code, theirs, template in (
        ("Python", "python3", "PY3", PYTHON),
        ("C++17", "cpp17", "CPP17", CPP),
    ):
        judged_seconds(author, problem, code, template.format("warm"))
        ours, others = [], []
        for number in range(ROUNDS):
            # A moment each, so that neither pays for the other's clearing up.
            time.sleep(TURN_SECONDS)
            ours.append(judged_seconds(author, problem, code, template.format(number)))
            time.sleep(TURN_SECONDS)
            if dmoj:
                others.append(dmoj.seconds(theirs, template.format(number)))
        mine = statistics.median(ours)
        other = statistics.median(others) if others else float("nan")
        print(f"{name}: {mine * 1000:.0f} ms per submission of {TESTS} tests; DMOJ's judge {other * 1000:.0f} ms")
        ratios.append(other / mine)
    return ratios[0], ratios[1]


def overhead_ms() -> float:
    """What the sandbox adds to a bare process, per test of a submission of ten, one test after another.

    The making of the first sandboxes and the end of the last count. Medians, in turns with bare processes and with
    runs for which nothing is made ahead.
    """
    program, _ = compile_program(languages.BY_CODE["cpp17"], CPP.format("overhead"))
    assert isinstance(program, Compiled)
    path = WORK / "bare"
    path.write_bytes(program.files["main"].read())
    path.chmod(0o755)
    stdin, limits = SealedFile(b"1 2\n"), RunLimits(cpu_ms=1000, memory_bytes=64 * MIB)
    single: list[float] = []

    def bare() -> None:
        reader, writer = os.pipe()
        source = stdin.open()
        actions = [(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, writer, 1)]
        pid = os.posix_spawn(str(path), [str(path)], {}, file_actions=actions)
        os.close(writer)
        os.close(source)
        assert os.read(reader, 10) == b"3"
        os.waitpid(pid, 0)
        os.close(reader)

    def cold() -> None:
        _right(run(job_of(program, limits), stdin=stdin))

    def ten() -> None:
        with sandboxes_for(program, limits, runs=TESTS) as sandboxes:
            single.extend(_timed(lambda: _right(sandboxes.run(stdin=stdin))) for _ in range(TESTS))

    def ten_by_two() -> None:
        with sandboxes_for(program, limits, runs=TESTS, at_once=2) as sandboxes, ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: _right(sandboxes.run(stdin=stdin)), range(TESTS)))

    kinds: list[tuple[Callable[[], None], int]] = [(bare, 1), (cold, 1), (ten, TESTS), (ten_by_two, TESTS)]
    times: list[list[float]] = [[] for _ in kinds]
    used = [0.0 for _ in kinds]
    for number in range(OVERHEAD_ROUNDS):
        for kind, (what, tests) in enumerate(kinds):
            for _ in range(TESTS // tests):
                before = time.process_time() + _children_seconds()
                times[kind].append(_timed(what) * 1000 / tests)
                used[kind] += time.process_time() + _children_seconds() - before
            if number == 0:
                single.clear()
    plain, alone, ahead, by_two = (statistics.median(each) for each in times)
    cpu = [each * 1000 / (OVERHEAD_ROUNDS * TESTS) for each in used]
    print(f"One test: bare {plain:.2f} ms; in a sandbox made on the spot {alone:.2f} ms, {alone - plain:.2f} ms more")
    print(
        f"Sandboxes made ahead: ten tests {ahead * TESTS:.1f} ms, {ahead:.2f} ms each, {ahead - plain:.2f} ms more; "
        f"one of them from request to result {statistics.median(single) * 1000:.2f} ms (median)"
    )
    print(f"Ten tests, two at once, as on a big machine: {by_two * TESTS:.1f} ms, {by_two:.2f} ms each")
    print(f"CPU time per test: bare {cpu[0]:.2f} ms, on the spot {cpu[1]:.2f}, ahead {cpu[2]:.2f}, two {cpu[3]:.2f}")
    return ahead - plain


def _right(outcome: Outcome) -> None:
    assert outcome.stdout == b"3", outcome


def _children_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def cpu_error() -> float:
    """How far the measured CPU time is from getrusage of the bare run; the best of five each, against noise."""
    program, _ = compile_program(languages.BY_CODE["c"], BURN)
    assert isinstance(program, Compiled)
    path = WORK / "burn"
    path.write_bytes(program.files["main"].read())
    path.chmod(0o755)
    plain, boxed = [], []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([path], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        plain.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        outcome = run(job_of(program, RunLimits(cpu_ms=10_000, memory_bytes=64 * MIB)))
        boxed.append(outcome.cpu_us / 1e6)
    print(f"CPU time of one program: bare {min(plain):.3f} s, in the sandbox {min(boxed):.3f} s")
    return min(boxed) / min(plain) - 1


def premium_under_flood(premium: User, free: User, problem: Problem) -> float:
    """p95 of a premium submission's time under a flood of free ones, against the p95 of idle times."""

    def p95() -> float:
        times = sorted(
            judged_seconds(premium, problem, "python3", PYTHON.format(time.monotonic_ns()))
            for _ in range(PREMIUM_ROUNDS)
        )
        return times[int(len(times) * 0.95)]

    idle = p95()
    for number in range(FLOOD):
        submissions.submit(author=free, problem=problem, language="python3", source=PYTHON.format(f"flood {number}"))
    flooded = p95()
    left = Submission.objects.filter(author=free, verdict="").count()
    print(
        f"Premium, p95: idle {idle * 1000:.0f} ms, under {FLOOD} free ones {flooded * 1000:.0f} ms ({left} still wait)"
    )
    return flooded / idle


def _timed(function: Callable[[], None]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main() -> None:
    sandbox = health.check()
    print(f"{platform.machine()}, {os.cpu_count()} processors; memory by {sandbox.memory_by}, {sandbox.user}")
    overhead, error = overhead_ms(), cpu_error()
    print(f"The measured CPU time is {error:+.1%} off")
    premium, free, problem = start_workers()
    judged_seconds(premium, problem, "python3", PYTHON.format("first"))
    python, cpp = compare(premium, problem)
    flood = premium_under_flood(premium, free, problem)
    print(
        f"python_vs_dmoj={python:.2f} cpp_vs_dmoj={cpp:.2f} overhead_ms={overhead:.2f} premium_p95_vs_idle={flood:.2f}"
    )


if __name__ == "__main__":
    try:
        main()
    finally:
        for process in _processes:
            process.send_signal(signal.SIGTERM)
        for process in _processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(WORK, ignore_errors=True)
