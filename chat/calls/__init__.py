"""Everything one can do in chat, by name: the socket (JSON-RPC) and plain POST (chat/views/messages.py) share it.

Each call takes the person and checked parameters, loads with permission, and makes one service call.
docs/chat.md lists them with their parameters.
"""

from chat.calls import keeping, rooms
from chat.calls.messages import draft_of, run_command, send
from chat.calls.reading import history
from chat.calls.registry import CALLS, Result
from chat.params import Params

__all__ = [
    "CALLS",
    "Params",
    "Result",
    "draft_of",
    "history",
    "keeping",
    "rooms",
    "run_command",
    "send",
]
