"""What workers run: thin, by ids."""

from notifications.events import following
from notifications.outbox import delivering
from notifications.queues import push_job
from notifications.services import announcements
from notifications.webhooks import sending
from notifications.webhooks.fanning import QUEUE as WEBHOOKS
from notifications.webhooks.fanning import SEND


def deliver(channel: str, ids: list[int]) -> None:
    """Send the channel's due deliveries, those of `ids` first."""
    delivering.deliver(channel, ids)


def tell_announcements() -> None:
    """Tell the next part of an announcement's people."""
    announcements.tell_and_pass_on()


def spread_events() -> None:
    """Number new domain events and wake the subscribers that are behind."""
    following.spread()


def follow_events(subscriber: str) -> None:
    """Let one subscriber deal with what it has not yet."""
    following.follow(subscriber)


def send_webhooks() -> None:
    """Post what is due to people's URLs, and leave what is more than a batch to the next job."""
    if sending.send_due() >= sending.BATCH:
        push_job(WEBHOOKS, SEND)
