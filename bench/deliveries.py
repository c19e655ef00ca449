"""Deliveries per second against Celery with a task for each, and how soon a lone e-mail leaves, in one run.

make bench-deliveries                              five minutes; docs/performance.md says what the figures mean
python bench/deliveries.py --memory 100000         instead: one worker's memory over so many deliveries

Both sides have two worker processes, the same PostgreSQL and Redis, the same mail server and gateway, the same
templates and the same rows; the clock runs from the moment when the rows are committed until the last message has
arrived.
"""

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.cluster import postgres  # noqa: E402
from bench.outbox.sinks import Sinks  # noqa: E402

CELERY = "celery==5.7.0"
PATIENCE_SECONDS = 600


def set_up(folder: str, sinks: Sinks, var: Path) -> None:
    os.environ.update(
        DATABASE_URL=f"postgresql://chowk@/chowk?host={folder}",
        DJANGO_SETTINGS_MODULE="config.settings",
        VAR_DIR=str(var),
        REDIS_URL=f"unix://{var}/redis.sock?db=0",
        BENCH_REDIS_SOCKET=f"{var}/redis.sock",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(sinks.smtp_port),
        EMAIL_USE_TLS="0",
        SMS_GATEWAY_URL=f"http://127.0.0.1:{sinks.http_port}/sms",
        DEBUG="0",
        SECRET_KEY="bench-only-" + "x" * 50,
        LOG_LEVEL="ERROR",
    )
    import django

    django.setup()


@contextlib.contextmanager
def redis_server(var: Path) -> Iterator[None]:
    from config import embedded_redis

    arguments = ["--port", "0", "--unixsocket", f"{var}/redis.sock", "--dir", str(var), "--appendonly", "yes"]
    process = subprocess.Popen([str(embedded_redis.find_server()), *arguments], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: (var / "redis.sock").exists(), 10)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


@contextlib.contextmanager
def running(*commands: list[str], environment: dict[str, str] | None = None, ready: str = "") -> Iterator[None]:
    """The programs run while the block does; `ready` is what each writes when it listens."""
    started = []
    for command in commands:
        log = tempfile.NamedTemporaryFile("w+", suffix=".log")  # noqa: SIM115  (kept open as long as the process)
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=environment or dict(os.environ)
        )
        started.append((process, log))
    try:
        for process, log in started:
            wait_for(partial(is_ready, process, log.name, ready), 60)
            if process.poll() is not None:
                raise SystemExit(f"a worker ended:\n{Path(log.name).read_text()[-3000:]}")
        yield
    finally:
        for process, _ in started:
            process.send_signal(signal.SIGTERM)
        for process, log in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            log.close()


def is_ready(process: subprocess.Popen, log: str, word: str) -> bool:
    return word in Path(log).read_text() or process.poll() is not None


def wait_for(condition, seconds: float, *, every: float = 0.005) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("what was waited for did not come")
        time.sleep(every)


def fill(people: int) -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from notifications.models import Contact

    call_command("migrate", verbosity=0)
    users = User.objects.bulk_create(
        User(username=f"person{n}", email=f"person{n}@example.com", password="x") for n in range(people)
    )
    Contact.objects.bulk_create(Contact(user=user, phone=f"+9170{n:08}") for n, user in enumerate(users))


def announce(key: str, *, inboxes: bool = False) -> list[int]:
    """The rows of one announcement, committed. Those of the inboxes are settled here, unless they are wanted."""
    from django.contrib.auth.models import User

    from notifications.models import Delivery, State
    from notifications.services import notify_many

    data = {
        "title": "Contest on Sunday",
        "text": "Ten problems, three hours, and ₹10,000.00 for the first. Come early.",
    }
    notify_many(users=User.objects.order_by("id"), kind="announcement", key=key, data=data, url="/judge/contests/")
    rows = Delivery.objects.filter(notification__key=key, channel__in=("email", "sms"))
    if not inboxes:
        # The inbox's own row is no message that leaves the house, and the other side has none.
        Delivery.objects.filter(notification__key=key, channel="push").update(state=State.SUPPRESSED, due_at=None)
    return list(rows.order_by("id").values_list("id", flat=True))


def empty_queues() -> None:
    import redis

    redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()


def measure_chowk(sinks: Sinks, key: str) -> float:
    from django.db import transaction

    from notifications.models import Delivery
    from notifications.outbox.wakeups import wake_workers

    ids = announce(key)
    empty_queues()
    sinks.forget()
    manage = [sys.executable, "manage.py", "rqworker"]
    with running([*manage, "email"], [*manage, "sms"], ready="Listening on"):
        began = time.monotonic()
        with transaction.atomic():
            for channel in ("email", "sms"):
                wake_workers(
                    channel, list(Delivery.objects.filter(pk__in=ids, channel=channel).values_list("id", flat=True))
                )
        return finish(sinks, ids, began)


def measure_celery(sinks: Sinks, key: str, packages: Path) -> float:
    ids = announce(key)
    empty_queues()
    sinks.forget()
    environment = {**os.environ, "PYTHONPATH": f"{packages}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "celery", "-A", "bench.outbox.celery_app", "worker"]
    options = ["--concurrency", "2", "--pool", "prefork", "--loglevel", "INFO"]
    options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    producer = (
        "import sys\n"
        "from bench.outbox.celery_app import deliver_one\n"
        "for number in sys.stdin.read().split(): deliver_one.delay(int(number))"
    )
    with running([*command, *options], environment=environment, ready=" ready."):
        began = time.monotonic()
        producing = subprocess.Popen(
            [sys.executable, "-c", producer], cwd=ROOT, env=environment, stdin=subprocess.PIPE
        )
        producing.stdin.write(" ".join(map(str, ids)).encode())
        producing.stdin.close()
        rate = finish(sinks, ids, began)
        producing.wait(20)
        return rate


def finish(sinks: Sinks, ids: list[int], began: float) -> float:
    """Wait for all to arrive and be recorded; returns deliveries a second."""
    from notifications.models import Delivery, State

    wait_for(lambda: len(sinks.mails) + len(sinks.posts) >= len(ids), PATIENCE_SECONDS)
    last = max(arrived for _, arrived in (*sinks.mails, *sinks.posts))
    open_rows = Delivery.objects.filter(pk__in=ids).exclude(state=State.SENT)
    wait_for(lambda: not open_rows.exists(), 60)
    arrived = {name for name, _ in sinks.mails} | {name for name, _ in sinks.posts}
    assert len(arrived) == len(ids), "each exactly once"
    assert len(sinks.mails) + len(sinks.posts) == len(ids), "none twice"
    return len(ids) / (last - began)


def measure_latency(sinks: Sinks, count: int) -> list[float]:
    """From the commit of a lone transfer to its receipt at the mail server, in milliseconds; the first is the worker's
    first work of all."""
    from django.contrib.auth.models import User

    from payments.ledger import Order, system_id, wallet_id
    from payments.services import settle

    empty_queues()
    sinks.forget()
    bank, wallet = system_id("bank"), wallet_id(User.objects.order_by("id").first())
    waits = []
    with running([sys.executable, "manage.py", "rqworker", "email"], ready="Listening on"):
        for number in range(count + 1):
            seen = len(sinks.mails)
            settle([Order(bank, wallet, 10_000, "top_up", f"lone-{number}")])
            committed = time.monotonic()
            wait_for(lambda seen=seen: len(sinks.mails) > seen, 10)
            waits.append((sinks.mails[seen][1] - committed) * 1000)
            time.sleep(0.05)
    return waits


def measure_announcing(people: int) -> tuple[float, float]:
    """How long the request of an announcement takes, in milliseconds, and how long until all are told, in seconds."""
    from django.contrib.auth.models import User

    from notifications.models import Announcement
    from notifications.services import announce

    boss = User.objects.order_by("id").first()
    empty_queues()
    with running([sys.executable, "manage.py", "rqworker", "events"], ready="Listening on"):
        began = time.monotonic()
        announce(author=boss, key="bench", audience="everyone", title="Contest on Sunday", text="Come early.")
        asked = time.monotonic()
        wait_for(lambda: Announcement.objects.filter(finished_at__isnull=False).exists(), PATIENCE_SECONDS)
        assert Announcement.objects.get().told_count == people, "everyone, once"
        return (asked - began) * 1000, time.monotonic() - began


def measure_memory(sinks: Sinks, count: int) -> None:
    """The resident memory of one worker of all three channels, after every round of announcements."""
    import psutil

    from notifications.models import Delivery, State

    done = 0
    with tempfile.NamedTemporaryFile("w+", suffix=".log") as log:
        command = [sys.executable, "manage.py", "rqworker", "email", "sms", "push"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        worker = psutil.Process(process.pid)
        try:
            wait_for(partial(is_ready, process, log.name, "Listening on"), 60)
            while done < count:
                sinks.forget()
                announce(f"memory-{done}", inboxes=True)
                rows = Delivery.objects.filter(notification__key=f"memory-{done}")
                wait_for(lambda rows=rows: not rows.exclude(state=State.SENT).exists(), PATIENCE_SECONDS, every=1)
                done += rows.count()
                print(f"{done:8,} deliveries: {worker.memory_info().rss // 1024:8,} KiB", flush=True)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def in_a_world(people: int, measure: Callable[[Sinks], None]) -> None:
    """Call `measure` with a PostgreSQL, a Redis, a mail server, a gateway and so many people."""
    sinks = Sinks()
    with postgres() as folder, tempfile.TemporaryDirectory(prefix="chowk-bench-var-") as var:
        set_up(folder, sinks, Path(var))
        with redis_server(Path(var)):
            fill(people)
            measure(sinks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--lone", type=int, default=200)
    parser.add_argument("--turns", type=int, default=2, help="0 compares nothing")
    parser.add_argument("--memory", type=int, default=0)
    options = parser.parse_args()
    if options.memory:
        in_a_world(options.memory // 30, lambda sinks: measure_memory(sinks, options.memory))
        return
    packages = ROOT / "var" / "bench-celery"
    if not (packages / "celery").exists():
        # Apart from the product's environment: nothing of Chowk needs it.
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", packages, CELERY], check=True)
    rates: dict[str, list[float]] = {"celery": [], "chowk": []}
    waits: list[float] = []

    def compare(sinks: Sinks) -> None:
        for turn in range(options.turns):
            rates["celery"].append(measure_celery(sinks, f"celery-{turn}", packages))
            print(f"Celery, a task per delivery: {rates['celery'][-1]:8.0f} deliveries/s", flush=True)
            rates["chowk"].append(measure_chowk(sinks, f"chowk-{turn}"))
            print(f"Chowk, batches on RQ:        {rates['chowk'][-1]:8.0f} deliveries/s", flush=True)
        waits.extend(measure_latency(sinks, options.lone))
        request_ms, told_seconds = measure_announcing(options.deliveries // 2)
        print(
            f"An announcement to {options.deliveries // 2:,} people: {request_ms:.0f} ms of a request, "
            f"all told after {told_seconds:.1f} s"
        )

    in_a_world(options.deliveries // 2, compare)
    first, *later = waits
    p95 = statistics.quantiles(later, n=20)[-1]
    print(
        f"The e-mail of a lone transfer leaves after {statistics.median(later):.0f} ms (median), {p95:.0f} ms (p95); "
        f"the first one of a fresh worker after {first:.0f} ms"
    )
    if not options.turns:
        return
    print(f"vs_celery={max(rates['chowk']) / max(rates['celery']):.2f} commit_to_sent_p95_ms={p95:.0f}")


if __name__ == "__main__":
    main()
