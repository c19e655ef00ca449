"""Gets everything ready that the Procfile's programs need: `python -m config.prepare`, the middle part of `make run`.

Each failure ends it with one line that names the fix.
"""

import os
import socket
import subprocess
import sys
import time
from typing import NoReturn

from config.env import SettingError
from config.processes import end_with_parent

REDIS_START_SECONDS = 60


class PrepareError(Exception):
    """Chowk cannot start; the message is one line with the fix."""


def main() -> None:
    """Check what the settings name, migrate, load the demo world once, collect static files."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    try:
        django.setup()
        check_settings()
        check_port()
        check_redis()
        check_database()
        migrate()
        check_installation()
        load_demo_once()
        collect_static()
    except (SettingError, PrepareError) as error:
        fail(str(error))


def fail(reason: str) -> NoReturn:
    sys.stderr.write(f"chowk: {reason}\n")
    sys.exit(1)


def check_settings() -> None:
    """Refuse settings that the system checks refuse; a warning is only said."""
    run_checks(databases=None)


def check_installation() -> None:
    """The same checks again, with those that ask the migrated database."""
    from django.db import DEFAULT_DB_ALIAS

    run_checks(databases=[DEFAULT_DB_ALIAS])


def run_checks(databases: list[str] | None) -> None:
    from django.core import checks

    tags = [checks.Tags.database] if databases else None
    messages = [message for message in checks.run_checks(tags=tags, databases=databases) if not message.is_silenced()]
    for message in messages:
        if not message.is_serious():
            sys.stderr.write(f"chowk: {one_line(message)}\n")
    serious = [message for message in messages if message.is_serious()]
    if serious:
        raise PrepareError("\nchowk: ".join(one_line(message) for message in serious))


def one_line(message: object) -> str:
    text, hint = getattr(message, "msg", str(message)), getattr(message, "hint", None)
    return " ".join(f"{text} Fix: {hint}".split() if hint else str(text).split())


def check_port() -> None:
    """Raise where something else listens on the port."""
    from django.conf import settings

    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, settings.PORT))
            probe.listen(1)
        except OSError as error:
            raise PrepareError(
                f"Port {settings.PORT} on {settings.HOST} cannot be used ({error.strerror}). "
                f"Fix: stop what listens there, or choose another: PORT={settings.PORT + 1} make run"
            ) from None


def check_redis() -> None:
    """Raise where the Redis of REDIS_URL does not answer, or where the embedded one cannot run."""
    from django.conf import settings

    from config import embedded_redis

    if settings.EMBEDDED_REDIS:
        try:
            embedded_redis.find_server()
            directory = settings.VAR_DIR / "redis"
            embedded_redis.make_private_directory(directory)
            os.close(embedded_redis.take_lock(directory))
        except embedded_redis.EmbeddedRedisError as error:
            raise PrepareError(str(error)) from None
        return
    import redis

    for name, url in (("REDIS_URL", settings.REDIS_URL), ("REDIS_SUBSCRIBE_URL", settings.REDIS_SUBSCRIBE_URL)):
        try:
            redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
        except (redis.RedisError, ValueError, OSError) as error:
            raise PrepareError(
                f"The Redis of {name} ({without_password(url)}) does not answer: {first_line(error)}. "
                f"Fix: start it, correct {name}, or unset it to use the embedded one"
            ) from None


def check_database() -> None:
    """Raise where the database of DATABASE_URL cannot be reached."""
    from django.conf import settings
    from django.db import Error, connection

    try:
        if settings.DATABASE_URL and connection.vendor == "postgresql":
            import psycopg

            # Asked without the pool, which would try again until its own time is over.
            psycopg.connect(settings.DATABASE_URL, connect_timeout=5).close()
        connection.ensure_connection()
    except (Error, OSError) as error:
        raise PrepareError(unreachable_database(error)) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("psycopg", "psycopg_pool"):
            raise
        raise PrepareError(unreachable_database(error)) from None


def unreachable_database(error: Exception) -> str:
    from django.conf import settings

    if not settings.DATABASE_URL:
        return (
            f"The database {settings.SQLITE_PATH} cannot be opened: {first_line(error)}. "
            "Fix: check its permissions and the free space, or set VAR_DIR"
        )
    return (
        f"The database of DATABASE_URL ({without_password(settings.DATABASE_URL)}) cannot be reached: "
        f"{first_line(error)}. Fix: start it, correct DATABASE_URL, or unset it to use SQLite"
    )


def without_password(url: str) -> str:
    """The URL as it may be printed."""
    scheme, separator, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{separator}{user}{':…' if colon else ''}{at}{place}"


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def migrate() -> None:
    from django.core.management import CommandError, call_command
    from django.db import Error

    try:
        call_command("migrate", interactive=False, verbosity=0)
    except (CommandError, Error) as error:
        raise PrepareError(
            f"The migrations stopped: {first_line(error)}. Fix: see all of it with .venv/bin/python manage.py migrate"
        ) from None


def load_demo_once() -> None:
    """In a DEBUG run, load the demo world where none of its people are there yet."""
    from django.conf import settings

    from config import demo

    if not settings.DEBUG or demo.is_loaded():
        return
    sys.stderr.write("chowk: loading the demo world\n")
    redis_server = start_redis() if settings.EMBEDDED_REDIS else None
    try:
        demo.load_demo()
    finally:
        if redis_server is not None:
            redis_server.terminate()
            redis_server.wait()


def start_redis() -> "subprocess.Popen[bytes]":
    """The embedded Redis for as long as the demo world is loaded: its deliveries go to their queues at once."""
    from django.conf import settings

    server = subprocess.Popen(
        [sys.executable, "manage.py", "embedded_redis"], stdout=subprocess.DEVNULL, preexec_fn=end_with_parent
    )
    deadline = time.monotonic() + REDIS_START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if redis_answers(settings.REDIS_URL):
            return server
        time.sleep(0.05)
    server.kill()
    raise PrepareError(
        "The embedded Redis did not start. Fix: run .venv/bin/python manage.py embedded_redis to see why"
    )


def redis_answers(url: str) -> bool:
    """Whether the Redis of the URL answers right now."""
    import redis

    try:
        return bool(redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1).ping())
    except (redis.RedisError, OSError):
        return False


def collect_static() -> None:
    """Outside DEBUG, hash and compress the static files."""
    from django.conf import settings
    from django.core.management import call_command

    if not settings.DEBUG:
        call_command("collectstatic", interactive=False, verbosity=0)


if __name__ == "__main__":
    main()
