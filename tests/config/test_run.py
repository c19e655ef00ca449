"""`make run`: everything starts, and nothing stays behind however it ends."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis

from tests.servers.chowk_run import ChowkRun, command_line, copy_prepared, prepare, run_environment
from tests.servers.processes import wait_until

WORKERS = ["email", "sms", "push", "judge-premium", "judge-free"]


@contextmanager
def running(folder: Path) -> Iterator[ChowkRun]:
    var_dir = folder / "var"
    copy_prepared(var_dir)
    started = ChowkRun(run_environment(var_dir))
    started.var_dir = var_dir
    yield started
    left = started.programs() if started.is_running() else []
    started.stop()
    for process in left:
        if process.is_running():
            process.kill()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChowkRun]:
    """One that goes on."""
    with running(tmp_path_factory.mktemp("run")) as started:
        started.wait_ready()
        yield started


@pytest.fixture
def ending_run(tmp_path: Path) -> Iterator[ChowkRun]:
    """One to be ended, as soon as all its programs have started."""
    with running(tmp_path) as started:
        started.wait_until(lambda: "clock started" in started.output(), seconds=60)
        yield started


def test_everything_of_the_procfile_runs(run: ChowkRun) -> None:
    for queue in WORKERS:
        assert run.program("rqworker", queue).is_running()
    assert run.program("clock").is_running()
    assert any("redis-server" in word for process in run.programs() for word in command_line(process)[:1])


def test_the_first_page_does_not_wait_for_the_workers(run: ChowkRun) -> None:
    said = run.output()
    for name in (*WORKERS, "clock"):
        assert said.index("Chowk runs on") < said.index(f"{name} started")


def test_stopped_while_the_workers_wait_for_the_web_server(tmp_path: Path) -> None:
    with running(tmp_path) as started:
        started.wait_until(lambda: "web started" in started.output())
        programs = started.programs()
        started.popen.send_signal(signal.SIGINT)
        assert started.popen.wait(timeout=15) == 0
        assert psutil.wait_procs(programs, timeout=5)[1] == []
        assert "Chowk runs on" not in started.output()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_stays_behind(ending_run: ChowkRun, signum: signal.Signals) -> None:
    programs = ending_run.programs()
    assert len(programs) >= 8
    ending_run.popen.send_signal(signum)
    code = ending_run.popen.wait(timeout=15)
    _, alive = psutil.wait_procs(programs, timeout=10)
    assert alive == []
    if signum == signal.SIGINT:
        assert code == 0


def test_a_job_in_the_middle_of_its_work_does_not_outlive_the_run(ending_run: ChowkRun) -> None:
    client = redis.Redis(unix_socket_path=str(ending_run.var_dir / "redis" / "redis.sock"))
    from rq import Queue
    from rq.serializers import JSONSerializer

    Queue("judge-free", connection=client, serializer=JSONSerializer).enqueue("subprocess.call", ["sleep", "300"])
    wait_until(lambda: any(command_line(process) == ["sleep", "300"] for process in ending_run.programs()))
    programs = ending_run.programs()
    ending_run.popen.send_signal(signal.SIGINT)
    assert ending_run.popen.wait(timeout=15) == 0
    assert psutil.wait_procs(programs, timeout=5)[1] == []


def test_a_killed_worker_is_started_again(run: ChowkRun) -> None:
    killed = run.program("rqworker", "judge-free")
    killed.kill()
    run.wait_until(lambda: run.times_listening("judge-free") == 2)
    again = run.program("rqworker", "judge-free")
    assert again.pid != killed.pid
    assert run.program("rqworker", "email").is_running()


def test_a_second_run_in_the_same_folder_is_refused_in_one_line(run: ChowkRun) -> None:
    second = prepare(run_environment(run.var_dir))
    assert second.returncode == 1
    assert second.stderr.strip().count("\n") == 0
    assert "runs on" in second.stderr
    assert "VAR_DIR" in second.stderr
