"""Latency over HTTP: `POST /api/transfers` through daphne, in an open loop."""

import asyncio
import contextlib
import itertools
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

HTTP_RATE = 200
HTTP_CONNECTIONS = 32
HTTP_PEOPLE = 100


def http(folder: str, seconds: float) -> list[float]:
    """Milliseconds of each answer to POST /api/transfers through daphne, sent at HTTP_RATE whatever comes back."""
    from django.contrib.auth.models import User

    from config.tokens import issue_token

    people = list(User.objects.order_by("pk")[:HTTP_PEOPLE])
    tokens = [issue_token(user=user, scopes=["wallet:transfer"], lifetime=timedelta(hours=1)) for user in people]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    var = Path(os.environ["VAR_DIR"])
    (var / "redis").mkdir(parents=True, exist_ok=True)
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    redis = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", str(var / "redis" / "redis.sock"), "--save", ""], **quiet
    )
    root = Path(__file__).resolve().parent.parent.parent
    web = subprocess.Popen(
        [sys.executable, "-m", "config.server"],
        cwd=root,
        env={**os.environ, "DEBUG": "0", "PORT": str(port)},
        **quiet,
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        send = HttpSender(port, tokens, [user.username for user in people])
        asyncio.run(send.run(2))
        send.milliseconds.clear()
        asyncio.run(send.run(seconds))
        if send.failures:
            raise SystemExit(f"{len(send.failures)} requests failed: {send.failures[0]}")
        return send.milliseconds
    finally:
        for process in (web, redis):
            process.kill()
            process.wait()


class HttpSender:
    """An open loop: requests leave at their time, and wait counts from then, also for a free connection."""

    def __init__(self, port: int, tokens: list[str], names: list[str]) -> None:
        self._port, self._tokens, self._names = port, tokens, names
        self._run = time.time_ns()
        self._count = itertools.count()
        self.milliseconds: list[float] = []
        self.failures: list[str] = []

    async def run(self, seconds: float) -> None:
        free: asyncio.Queue[Any] = asyncio.Queue()
        for _ in range(HTTP_CONNECTIONS):
            free.put_nowait(await asyncio.open_connection("127.0.0.1", self._port))
        start, tasks = time.perf_counter(), []
        for number in range(int(seconds * HTTP_RATE)):
            due = start + number / HTTP_RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(self._send(free, due)))
        await asyncio.gather(*tasks)
        while not free.empty():
            free.get_nowait()[1].close()

    async def _send(self, free: Any, due: float) -> None:
        payer = random.randrange(len(self._tokens))
        payee = (payer + random.randrange(1, len(self._names))) % len(self._names)
        body = json.dumps({"recipient": self._names[payee], "amount_paise": random.randint(1, 500)}).encode()
        head = (
            f"POST /api/transfers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._tokens[payer]}\r\n"
            f"Idempotency-Key: {self._run}-{next(self._count)}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        connection = await free.get()
        reader, writer = connection
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", answer)
        content = await reader.readexactly(int(length[1])) if length else b""
        if b" 201 " not in answer.split(b"\r\n", 1)[0]:
            self.failures.append(f"{answer[:60]!r} {content[:200]!r}")
        self.milliseconds.append((time.perf_counter() - due) * 1000)
        free.put_nowait(connection)
