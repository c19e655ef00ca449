"""How pages and files are answered: what stands between daphne and the views."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http.response import FileResponse, HttpResponseBase
from django.urls import set_script_prefix
from servestatic.asgi import FileServerASGI
from servestatic.middleware import ServeStaticMiddleware

THREADS = 24
"""Requests that are answered at the same time; more wait their turn. About as many as there are pooled connections."""

_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="request")


class OneThreadHandler(ASGIHandler):
    """Answers a request in one thread of a few that stay: middleware, view and signals.

    Django's own handler starts a thread for each request, and goes there and back for each middleware and signal,
    which was most of what a call of the API cost.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with suppress(RequestAborted):
            body = await self.read_body(receive)
            # In a copy of the context, as sync_to_async() would: what is activated for one request ends with it.
            answer = asyncio.get_running_loop().run_in_executor(
                _threads, copy_context().run, self._answer, scope, body
            )
            response = await answer
            if response.streaming:
                await self._stream(response, receive, send)
            else:
                await self.send_response(response, send)

    def _answer(self, scope: Any, body: Any) -> Any:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        with body:
            request, refusal = self.create_request(scope, body)
            response: Any = refusal if request is None else self.get_response(request)
            response._handler_class = type(self)
            if isinstance(response, FileResponse):
                response.block_size = self.chunk_size
            if response.streaming:
                close_old_connections()
            else:
                response.close()
        return response

    async def _stream(self, response: HttpResponseBase, receive: Any, send: Any) -> None:
        """Until its end, or until the client has gone. What is made meanwhile is made in a thread of its own."""
        async with ThreadSensitiveContext():
            sending = asyncio.ensure_future(self.send_response(response, send))
            leaving = asyncio.ensure_future(receive())
            try:
                await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            finally:
                sending.cancel()
                leaving.cancel()
                await asyncio.wait((sending, leaving))
                await sync_to_async(response.close)()


class StaticFilesFirst(ServeStaticMiddleware):
    """In front of Django in a production run: the hashed files need nothing of it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        file = self.files.get(scope["path"])
        answer: Any = self.get_response if file is None else FileServerASGI(file)
        await answer(scope, receive, send)
