"""The worker process: on real queues, through signals, kills and a Redis that goes away."""

import signal
import sys
from collections.abc import Callable, Iterator

import django_rq
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from notifications.models import MinuteMetric
from notifications.queues import enqueue, push_job
from tests.servers.processes import PROJECT_DIR, ServerProcess, child_environment, wait_until
from tests.servers.redis import RedisServer

Workers = Callable[..., ServerProcess]
pytestmark = pytest.mark.django_db(transaction=True)

SAMPLES = "tests.notifications.sample_jobs"


@pytest.fixture(scope="module")
def _shared(django_db_setup: None, _redis_of_the_run: RedisServer) -> Iterator[list[ServerProcess]]:
    running: list[ServerProcess] = []
    yield running
    for process in running:
        process.kill()


@pytest.fixture
def everywhere(transactional_db: None, redis_server: RedisServer, _shared: list[ServerProcess]) -> ServerProcess:
    """A worker started without arguments. Starting one takes seconds, so the tests that end none share it; what is
    counted has a queue of its own in each, as it may still be counting the job of the test before."""
    if not _shared:
        command = [sys.executable, PROJECT_DIR / "manage.py", "rqworker"]
        _shared.append(ServerProcess("rqworker", command, environment=child_environment()))
    [process] = _shared
    process.wait_until(lambda: "Listening on" in process.output())
    return process


@pytest.fixture
def alone(_shared: list[ServerProcess]) -> None:
    """No other worker takes the test's jobs."""
    for process in _shared:
        process.kill()
    _shared.clear()


def marks(redis_server: RedisServer) -> list[str]:
    return [mark.decode().partition(":")[0] for mark in redis_server.client.lrange("marks", 0, -1)]


def test_jobs_run_in_the_workers_own_process_in_order(everywhere: ServerProcess, redis_server: RedisServer) -> None:
    for number in range(5):
        push_job("email", f"{SAMPLES}.ask_database", str(number))
    wait_until(lambda: len(marks(redis_server)) == 5)
    assert marks(redis_server) == ["0-0", "1-0", "2-0", "3-0", "4-0"]
    assert {mark.decode().rpartition(":")[2] for mark in redis_server.client.lrange("marks", 0, -1)} == {
        str(everywhere.pid)
    }


def test_without_arguments_it_works_on_every_queue(everywhere: ServerProcess, redis_server: RedisServer) -> None:
    names = set(settings.RQ_QUEUES) - {"judge-free"}
    for name in names:
        push_job(name, f"{SAMPLES}.leave_mark", name)
    wait_until(lambda: set(marks(redis_server)) == names)


def test_a_failing_job_does_not_end_the_worker(everywhere: ServerProcess, redis_server: RedisServer) -> None:
    push_job("email", f"{SAMPLES}.fail")
    push_job("email", f"{SAMPLES}.no_such_function")
    push_job("email", f"{SAMPLES}.leave_mark", "after")
    wait_until(lambda: marks(redis_server) == ["after"])
    assert everywhere.is_running()
    assert django_rq.get_queue("email").failed_job_registry.count == 2


def test_jobs_are_counted_for_the_staffs_page(everywhere: ServerProcess) -> None:
    push_job("judge-free", f"{SAMPLES}.leave_mark", "x")
    push_job("judge-free", f"{SAMPLES}.fail")
    wait_until(lambda: MinuteMetric.objects.filter(name="queue.judge-free.done", count=1).exists())
    wait_until(lambda: MinuteMetric.objects.filter(name="queue.judge-free.failed", count=1).exists())


def test_it_survives_a_redis_that_is_killed_and_loses_everything(
    everywhere: ServerProcess, redis_server: RedisServer
) -> None:
    push_job("email", f"{SAMPLES}.leave_mark", "before")
    wait_until(lambda: marks(redis_server) == ["before"])
    redis_server.lose_everything()
    push_job("email", f"{SAMPLES}.leave_mark", "after")
    wait_until(lambda: marks(redis_server) == ["after"])
    assert everywhere.is_running()
    assert "Redis is away" in everywhere.output()
    wait_until(lambda: redis_server.client.scard("rq:workers") == 1, what="the worker's registration")


@pytest.mark.usefixtures("alone")
def test_a_pool_reads_json_and_ends_gracefully(start_command: Workers, redis_server: RedisServer) -> None:
    pool = start_command("rqworker-pool", "email", "sms", "--num-workers", "2")
    for number in range(4):
        push_job(("email", "sms")[number % 2], f"{SAMPLES}.leave_mark", str(number))
    wait_until(lambda: sorted(marks(redis_server)) == ["0", "1", "2", "3"])
    wait_until(lambda: redis_server.client.scard("rq:workers") == 2, what="the second worker")
    assert django_rq.get_queue("email").failed_job_registry.count == 0
    pool.popen.send_signal(signal.SIGTERM)
    assert pool.popen.wait(timeout=15) == 0
    wait_until(lambda: redis_server.client.scard("rq:workers") == 0)


@pytest.mark.usefixtures("alone")
def test_sigterm_lets_an_idle_worker_go_quickly(worker: Workers) -> None:
    process = worker("email")
    assert process.stop(seconds=8) == 0


@pytest.mark.usefixtures("alone")
def test_sigterm_lets_the_job_hand_back_its_work(worker: Workers, redis_server: RedisServer) -> None:
    process = worker("email")
    push_job("email", f"{SAMPLES}.work_until_stopped", 30)
    push_job("email", f"{SAMPLES}.leave_mark", "next")
    wait_until(lambda: marks(redis_server) == ["begun"])
    process.popen.send_signal(signal.SIGTERM)
    process.popen.send_signal(signal.SIGINT)  # one Ctrl-C comes twice: from the terminal and from the runner
    assert process.popen.wait(timeout=10) == 0
    assert marks(redis_server) == ["begun", "handed back"]
    assert django_rq.get_queue("email").count == 1  # the next job waits for the next worker


@pytest.mark.usefixtures("alone")
def test_it_waits_for_a_redis_that_is_not_there_yet(start_command: Workers, redis_server: RedisServer) -> None:
    redis_server.kill()
    process = start_command("rqworker", "email")
    wait_until(lambda: "waiting for Redis" in process.output(), seconds=20)
    redis_server.start()
    push_job("email", f"{SAMPLES}.leave_mark", "there")
    wait_until(lambda: marks(redis_server) == ["there"])


def test_unknown_queues_are_named() -> None:
    with pytest.raises(CommandError, match=r"no such queue: emial\. There are: email, sms"):
        call_command("rqworker", "emial")


@pytest.mark.usefixtures("alone")
def test_enqueue_outside_a_transaction_is_at_once_and_never_raises(redis_server: RedisServer) -> None:
    enqueue("email", f"{SAMPLES}.leave_mark", "x")
    assert django_rq.get_queue("email").count == 1
    redis_server.kill()
    enqueue("email", f"{SAMPLES}.leave_mark", "x")
    with pytest.raises(ValueError, match="no queue 'emial'"):
        enqueue("emial", f"{SAMPLES}.leave_mark")
