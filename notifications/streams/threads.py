"""Database work of the live transports, off the event loop and outside of any request."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

# Connections wait without a thread; only queries take one, and the database would not serve more at a time.
_executor = ThreadPoolExecutor(max_workers=int(os.environ.get("LIVE_THREADS", "8")), thread_name_prefix="live")


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run synchronous database work in a thread; its connection goes back when it is done."""
    call: partial[Any] = partial(_with_connections, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_executor, call)


def _with_connections(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
