"""How requests are answered: in a few threads, files while they are made, and nothing is left behind."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from django.utils import timezone

from config.handlers import THREADS, OneThreadHandler

ended: list[str] = []


def where(request: HttpRequest) -> HttpResponse:
    return HttpResponse(threading.current_thread().name)


def zone(request: HttpRequest) -> HttpResponse:
    before = timezone.get_current_timezone_name()
    timezone.activate("America/Lima")
    return HttpResponse(before)


def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            for number in range(int(request.GET["count"])):
                yield b"%d " % number
                await asyncio.sleep(0.01)
        finally:
            ended.append("pieces")

    response = StreamingHttpResponse(pieces())
    response._resource_closers.append(lambda: ended.append("closed"))
    return response


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(status=404)


urlpatterns = [path("where", where), path("zone", zone), path("stream", stream)]


async def _get(handler: OneThreadHandler, address: str, *, leave_after: float = 60) -> tuple[int, bytes]:
    url, _, query = address.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": url, "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"localhost")], "scheme": "http", "server": ("localhost", 80), "client": ("::1", 1),
    }  # fmt: skip
    asked = iter([{"type": "http.request", "body": b""}])
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        for message in asked:
            return message
        await asyncio.sleep(leave_after)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await handler(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def handler() -> Any:
    ended.clear()
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=["django.middleware.common.CommonMiddleware"]):
        yield OneThreadHandler()


def test_many_requests_share_a_few_threads(handler: OneThreadHandler) -> None:
    async def many() -> list[tuple[int, bytes]]:
        return await asyncio.gather(*(_get(handler, "/where") for _ in range(3 * THREADS)))

    answers = asyncio.run(many())
    assert {status for status, _ in answers} == {200}
    names = {name for _, name in answers}
    assert 0 < len(names) <= THREADS
    assert all(name.startswith(b"request") for name in names)


def test_what_one_request_activates_no_other_sees(handler: OneThreadHandler) -> None:
    async def many() -> list[tuple[int, bytes]]:
        return [await _get(handler, "/zone") for _ in range(2 * THREADS)]

    assert {body for _, body in asyncio.run(many())} == {timezone.get_default_timezone_name().encode()}


def test_an_unknown_address_is_answered(handler: OneThreadHandler) -> None:
    assert asyncio.run(_get(handler, "/nowhere"))[0] == 404


def test_a_file_is_sent_while_it_is_made(handler: OneThreadHandler) -> None:
    status, body = asyncio.run(_get(handler, "/stream?count=5"))
    assert (status, body) == (200, b"0 1 2 3 4 ")
    assert ended == ["pieces", "closed"]


def test_making_a_file_ends_when_its_reader_leaves(handler: OneThreadHandler) -> None:
    _, body = asyncio.run(_get(handler, "/stream?count=100000", leave_after=0.2))
    assert 0 < len(body.split()) < 100
    assert ended == ["pieces", "closed"]
