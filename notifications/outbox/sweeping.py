"""Brings back what a lost job should have done: rows decide, jobs only wake."""

import logging
import math
from datetime import timedelta

import redis
from django.conf import settings
from django.utils import timezone

from notifications.models import Delivery
from notifications.outbox.wakeups import BATCH_SIZE, DELIVER
from notifications.queues import push_job, queue_named

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=3)
"""What became due just now has its own job on the way."""

MOST_JOBS = 200


def sweep() -> int:
    """Enqueue as many jobs per channel as its due deliveries need and its queue has not; returns how many."""
    return sum(_sweep_channel(channel) for channel in settings.DELIVERY_QUEUES)


def _sweep_channel(channel: str) -> int:
    due_count = Delivery.objects.filter(channel=channel, due_at__lte=timezone.now() - GRACE).count()
    if not due_count:
        return 0
    try:
        waiting = queue_named(channel).count
    except redis.RedisError as error:
        logger.warning("%s: %s deliveries are due, but Redis is away: %s", channel, due_count, error)
        return 0
    missing = min(math.ceil(due_count / BATCH_SIZE), MOST_JOBS) - waiting
    pushed = 0
    for _ in range(max(missing, 0)):
        # A wake-up without ids takes whatever is due, so jobs that are doubled or belated do no harm.
        if not push_job(channel, DELIVER, channel, []):
            break
        pushed += 1
    if pushed:
        logger.info("%s: woke %s jobs for %s due deliveries", channel, pushed, due_count)
    return pushed
