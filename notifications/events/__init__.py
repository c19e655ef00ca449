"""Domain events, published in the transaction in which they happen, followed by any number of subscribers.

events.emit("transfer.completed", {...}, actor=asha, about=[asha, ravi])    in the caller's transaction
events.describe("transfer.completed", "Money was sent")                     in ready(); so people can ask for it
events.register(Subscriber(name="audit", queue="audit", handle=...))        in ready(); starts at the first event
"""

from notifications.events.catalogue import describe
from notifications.events.emitting import Draft, emit, emit_many
from notifications.events.following import Subscriber, register

__all__ = ["Draft", "Subscriber", "describe", "emit", "emit_many", "register"]
