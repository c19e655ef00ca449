"""Live streams: one numbered event log, read the same way by every transport.

streams.append("room:7", [("message.posted", {...})])     in the caller's transaction
streams.read("room:7", after=12)                          what follows, or a reset
streams.register("room", may_read)                        who may read `room:…`, asked by all transports
"""

from notifications.streams.appending import StreamLock, append, append_many
from notifications.streams.log import LiveEvent, Reset, Slice, last_seq, read, trim
from notifications.streams.permissions import may_read, register, revoke
from notifications.streams.publisher import let_news_out
from notifications.streams.redacting import redact

__all__ = [
    "LiveEvent",
    "Reset",
    "Slice",
    "StreamLock",
    "append",
    "append_many",
    "last_seq",
    "let_news_out",
    "may_read",
    "read",
    "redact",
    "register",
    "revoke",
    "trim",
]
