"""Who wants to know that a custom run ended: `config` registers them, so that the judge knows nobody by name."""

import logging
from collections.abc import Callable

from judge.models import CustomRun

logger = logging.getLogger("chowk.judge")

Listener = Callable[[CustomRun, str], None]
"""Takes the finished run and the key that it was asked for with. Called in the transaction of the run's end."""

_listeners: dict[str, Listener] = {}


def register(name: str, listener: Listener) -> None:
    """Register a listener for contexts that begin with `<name>:`. Raises ValueError where the name is taken."""
    if name in _listeners:
        raise ValueError(f"the listener {name!r} is registered already")
    _listeners[name] = listener


def tell(run: CustomRun) -> None:
    """Tell the listener of the run's context, if it has one."""
    name, _, key = run.context.partition(":")
    listener = _listeners.get(name)
    if listener is not None:
        listener(run, key)
