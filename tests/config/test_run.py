"""`make run`: everything starts, and nothing stays behind however it ends."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from tests.servers.chowk_run import ChowkRun, command_line, prepare, run_environment
from tests.servers.processes import wait_until

WORKERS = ["email", "sms", "push", "judge-premium", "judge-free"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with migrations applied and the demo world loaded."""
    var_dir = tmp_path_factory.mktemp("run") / "var"
    done = prepare(run_environment(var_dir))
    assert done.returncode == 0, done.stderr
    return var_dir


@pytest.fixture
def run(prepared: Path, tmp_path: Path) -> Iterator[ChowkRun]:
    var_dir = tmp_path / "var"
    shutil.copytree(prepared, var_dir)
    started = ChowkRun(run_environment(var_dir))
    started.var_dir = var_dir
    started.wait_ready()
    yield started
    left = started.programs() if started.is_running() else []
    started.stop()
    for process in left:
        if process.is_running():
            process.kill()


def test_everything_of_the_procfile_runs(run: ChowkRun) -> None:
    for queue in WORKERS:
        assert run.program("rqworker", queue).is_running()
    assert run.program("clock").is_running()
    assert any("redis-server" in word for process in run.programs() for word in command_line(process)[:1])


def test_the_first_page_does_not_wait_for_the_workers(run: ChowkRun) -> None:
    said = run.output()
    for name in (*WORKERS, "clock"):
        assert said.index("Chowk runs on") < said.index(f"{name} started")


def test_stopped_while_the_workers_wait_for_the_web_server(prepared: Path, tmp_path: Path) -> None:
    shutil.copytree(prepared, tmp_path / "var")
    started = ChowkRun(run_environment(tmp_path / "var"))
    started.wait_until(lambda: "web started" in started.output())
    programs = started.programs()
    started.popen.send_signal(signal.SIGINT)
    assert started.popen.wait(timeout=15) == 0
    assert psutil.wait_procs(programs, timeout=5)[1] == []
    assert "Chowk runs on" not in started.output()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_process_stays_behind(run: ChowkRun, signum: signal.Signals) -> None:
    programs = run.programs()
    assert len(programs) >= 8
    run.popen.send_signal(signum)
    code = run.popen.wait(timeout=15)
    _, alive = psutil.wait_procs(programs, timeout=10)
    assert alive == []
    if signum == signal.SIGINT:
        assert code == 0


def test_a_job_in_the_middle_of_its_work_does_not_outlive_the_run(run: ChowkRun) -> None:
    client = redis.Redis(unix_socket_path=str(run.var_dir / "redis" / "redis.sock"))
    from rq import Queue
    from rq.serializers import JSONSerializer

    Queue("judge-free", connection=client, serializer=JSONSerializer).enqueue("subprocess.call", ["sleep", "300"])
    wait_until(lambda: any(command_line(process) == ["sleep", "300"] for process in run.programs()))
    programs = run.programs()
    run.popen.send_signal(signal.SIGINT)
    assert run.popen.wait(timeout=15) == 0
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
