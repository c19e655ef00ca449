"""Django's PostgreSQL backend, whose pool loses no connection to a thread that ended without returning it."""

import os
import threading
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection belongs to one thread. Where that thread ends before its request was finished (daphne gives up
    those whose client has gone; a program forgets), nobody else would ever return it: the pool would be one smaller
    until the process ends. So whoever asks the pool next first returns what ended threads have left.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        _return_left_behind()
        connection = super().get_new_connection(conn_params)
        if self.pool:
            _lent[connection] = threading.current_thread()
        return connection

    def _close(self) -> None:
        _lent.pop(self.connection, None)
        super()._close()  # type: ignore[misc]


_lent: dict[Any, threading.Thread] = {}
# A forked child has no other thread, but the connections are its parent's.
os.register_at_fork(after_in_child=_lent.clear)


def borrowers() -> list[threading.Thread]:
    """The threads that hold a connection of this process's pools."""
    return list(_lent.values())


def _return_left_behind() -> None:
    for connection, thread in list(_lent.items()):
        # Of two that find it here the one that takes it out returns it; the pool rolls back what it left open.
        if not thread.is_alive() and _lent.pop(connection, None) is not None:
            connection._pool.putconn(connection)
