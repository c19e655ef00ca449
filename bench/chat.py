"""A room with a million messages: what opening it, a page of its history and a search cost, and by which plans.

.venv/bin/python -m bench.chat [--sqlite | --postgresql] [--messages 1000000] [--keep FOLDER [--only-fill]]
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.cluster import postgres

PEOPLE = 500
ROUNDS = 40
NUMBERS = {
    "postgresql": (
        "SELECT n FROM generate_series(1, %(count)s) n",
        "now() - (%(count)s - n) * interval '1 second'",
    ),
    "sqlite": (
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %(count)s) SELECT n FROM s",
        "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-' || (%(count)s - n) || ' seconds')",
    ),
}
MESSAGES = """
    INSERT INTO chat_message (room_id, number, author_id, bot_name, body, html, created_at, reply_count, event_seq)
    SELECT %(room)s, n, %(first)s + n %% {people}, '', body, '<p>' || body || '</p>', at, 0, n
    FROM (
        SELECT n, {moment} AS at, CASE n %% 8 WHEN 0 THEN 'tree ' WHEN 1 THEN 'graph ' ELSE 'array ' END
            || 'word' || n %% 5000 || ' number' || n || ' and so that it is about a hundred bytes long' AS body
        FROM ({numbers}) AS numbered
    ) AS made
"""

EVENTS = """
    INSERT INTO notifications_event (stream_id, seq, type, at, data)
    SELECT %(stream)s, number, 'message.posted', created_at, {data} FROM chat_message
"""
DATA = {
    "postgresql": "jsonb_build_object('id', id, 'number', number, 'author_id', author_id, 'html', html)",
    "sqlite": "json_object('id', id, 'number', number, 'author_id', author_id, 'html', html)",
}


def set_up(database_url: str, folder: Path) -> None:
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    os.environ["DATABASE_URL"] = database_url
    os.environ["VAR_DIR"] = str(folder)
    os.environ["DEBUG"] = "1"
    os.environ["CHAT_MESSAGES_AT_ONCE"] = os.environ["CHAT_MESSAGES_PER_MINUTE"] = "100000"
    os.environ["ALLOWED_HOSTS"] = "testserver"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    # All code now, so that nothing is imported while the clock runs.
    import_module("config.urls")


def fill(count: int) -> Any:
    """People, one room with `count` messages of them, and reactions on every hundredth, unless they are kept from an
    earlier run; answers the room."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from chat.models import Membership, Room

    call_command("migrate", verbosity=0)
    if kept := Room.objects.filter(slug="million").first():
        return kept
    people = User.objects.bulk_create(User(username=f"person{i}") for i in range(PEOPLE))
    room = Room.objects.create(name="Million", slug="million", last_number=count, last_message_at=timezone.now())
    Membership.objects.bulk_create([Membership(room=room, user=person, read_number=count - 20) for person in people])
    with connection.cursor() as cursor:
        numbers, moment = NUMBERS[connection.vendor]
        insert = MESSAGES.format(numbers=numbers, moment=moment, people=PEOPLE)
        cursor.execute(insert, {"count": count, "room": room.pk, "first": people[0].pk})
        cursor.execute(
            "INSERT INTO notifications_stream (name, last_seq, trimmed_seq) VALUES (%s, %s, 0) RETURNING id",
            [room.stream, count],
        )
        [stream] = cursor.fetchone()
        cursor.execute(EVENTS.format(data=DATA[connection.vendor]), {"stream": stream})
        cursor.execute(
            "INSERT INTO chat_reaction (message_id, user_id, emoji, created_at)"
            " SELECT id, author_id, '+1', created_at FROM chat_message WHERE number % 100 = 0"
        )
        # Rows that are on disk for good: no checkpoint and no write-ahead log of theirs runs beside what is measured.
        cursor.execute("CHECKPOINT" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return room


def measure(name: str, act: Callable[[], Any]) -> None:
    """Run it some times after a first one; print the median and best time, its CPU time and its queries."""
    from django.db import connection

    statements: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        act()
    times, cpu_times = [], []
    for _ in range(ROUNDS):
        start, cpu_start = time.perf_counter(), time.process_time()
        act()
        times.append((time.perf_counter() - start) * 1000)
        cpu_times.append((time.process_time() - cpu_start) * 1000)
    print(
        f"{name:<42}{statistics.median(times):8.1f}{min(times):8.1f}{statistics.median(cpu_times):8.1f}{len(statements):9}"
    )


def explain(queryset: Any) -> None:
    for line in queryset.explain().splitlines():
        print("    ", line[:150])


def explain_search(user: Any, words: str, seat: Any) -> None:
    """The plans of the statements by which a search finds its messages."""
    from django.db import connection

    from chat import queries

    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(note):
        queries.search_messages(user, words, seat=seat)
    how = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"{how} {sql}", params)
            for row in cursor.fetchall():
                print("    ", str(row[-1])[:150])


def run(count: int, *, only_fill: bool) -> None:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from chat import queries, services
    from chat.models import Message
    from notifications.models import Event

    start = time.perf_counter()
    room = fill(count)
    print(f"\n{connection.vendor}: {count:,} messages in one room, written in {time.perf_counter() - start:.0f} s")
    if only_fill:
        return
    user = User.objects.get(username="person1")
    client = Client()
    client.force_login(user)
    seat = queries.room_by_id(user, room.pk)
    day = Message.objects.get(room=room, number=count // 3).created_at.date()

    def page(path: str) -> Callable[[], Any]:
        def get() -> None:
            answer = client.get(path)
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}")

        return get

    def rewrite(message: Message) -> None:
        its_author = queries.room_by_id(message.author, room.pk)
        services.edit_message(seat=its_author, message=message, body=f"{message.body} (corrected)")

    def delete(message: Message) -> None:
        services.delete_message(seat=queries.room_by_id(message.author, room.pk), message=message)

    print(f"{'':<42}{'median':>8}{'best':>8}{'CPU':>8}{'queries':>9}   (ms; CPU is this process's)")
    measure("open the room (the whole page)", page("/rooms/million/"))
    measure("permalink in the middle (the whole page)", page(f"/rooms/million/{count // 2}/"))
    measure("history before the middle (JSON)", page(f"/rooms/million/messages/?before={count // 2}"))
    measure("history after the middle (JSON)", page(f"/rooms/million/messages/?after={count // 2}"))
    measure("history from the start (JSON)", page("/rooms/million/messages/?after=0"))
    measure("jump to a day", lambda: queries.number_at(seat, day))
    measure("search: one rare word", lambda: queries.search_messages(user, f"number{count // 2}", seat=seat))
    measure("search: two words", lambda: queries.search_messages(user, "word77 graph", seat=seat))
    measure("search: a word in every eighth message", lambda: queries.search_messages(user, "tree", seat=seat))
    measure("post a message", lambda: services.post_message(room=room, author=user, body="tea?"))
    untouched = Message.objects.filter(room=room, deleted_at=None, edited_at=None, author__isnull=False)
    old = iter(untouched.order_by("number").select_related("author")[: 4 * ROUNDS])
    measure("edit an old message", lambda: rewrite(next(old)))
    measure("delete an old message", lambda: delete(next(old)))
    measure("rooms_of (unread counts)", lambda: queries.rooms_of(user))
    print("plans:")
    in_room = Message.objects.filter(room=room)
    midnight = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    explain(in_room.filter(number__lt=count // 2).order_by("-number")[:51])
    explain(in_room.filter(created_at__gte=midnight).order_by("created_at", "number")[:1])
    explain(in_room.filter(pinned_at__isnull=False).order_by("-pinned_at"))
    explain(Event.objects.filter(stream__name=room.stream, seq__in=[count // 3, count // 2]))
    explain(Message.objects.filter(thread_root_id=count // 2).filter(reply_to_id=count // 2))
    explain_search(user, f"number{count // 2}", seat)


@contextmanager
def database(kind: str, folder: Path, *, is_kept: bool) -> Iterator[str]:
    with postgres(folder / "postgresql" if is_kept else None) if kind == "postgresql" else nullcontext("") as socket:
        yield f"postgresql://chowk@/chowk?host={socket}" if socket else f"sqlite:///{folder}/bench.sqlite3"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sqlite", action="store_const", dest="kind", const="sqlite", default="sqlite")
    parser.add_argument("--postgresql", action="store_const", dest="kind", const="postgresql")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="where the rows stay, to be measured again")
    parser.add_argument("--only-fill", action="store_true", help="make the rows and measure nothing")
    given = parser.parse_args()
    folder = given.keep.resolve() if given.keep else Path(tempfile.mkdtemp(prefix="chowk-bench-chat-"))
    folder.mkdir(exist_ok=True)
    try:
        with database(given.kind, folder, is_kept=bool(given.keep)) as url:
            set_up(url, folder)
            run(given.messages, only_fill=given.only_fill)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
