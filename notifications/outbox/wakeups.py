"""Wake-ups for the workers: one job per channel and transaction, however many people it tells."""

from collections.abc import Sequence

from django.db import connection, transaction

from notifications.queues import Job, push_jobs

BATCH_SIZE = 100
"""Deliveries in one job: enough to share a connection, few enough to finish well within a lease."""

DELIVER = "notifications.jobs.deliver"


class _WakeUp:
    """Ids that became due on each channel in one transaction; runs after the commit."""

    def __init__(self) -> None:
        self.ids: dict[str, list[int]] = {}

    def __call__(self) -> None:
        push_jobs(
            [
                Job(channel, DELIVER, (channel, ids[start : start + BATCH_SIZE]))
                for channel, ids in self.ids.items()
                for start in range(0, len(ids), BATCH_SIZE)
            ]
        )


def wake_workers(channel: str, ids: Sequence[int]) -> None:
    """Have the channel's workers look at those deliveries once the transaction commits."""
    savepoints = set(connection.savepoint_ids)
    for hook in connection.run_on_commit:
        registered_at, function = hook[0], hook[1]
        # A rolled-back savepoint takes its hooks with it: only one of the same depth may be added to.
        if isinstance(function, _WakeUp) and registered_at == savepoints:
            function.ids.setdefault(channel, []).extend(ids)
            return
    wake_up = _WakeUp()
    wake_up.ids[channel] = list(ids)
    transaction.on_commit(wake_up, robust=True)
