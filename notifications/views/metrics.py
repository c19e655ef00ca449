"""/metrics: Prometheus' text format, for whoever holds the token."""

import hmac
from collections.abc import Iterator

import redis
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from notifications import activity, fleet
from notifications.models import Provider

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@never_cache
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges of queues, workers, breakers and subscribers. Without a METRICS_TOKEN there is no such page."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise Http404
    return HttpResponse("\n".join(_lines()) + "\n", content_type=CONTENT_TYPE)


def _lines() -> Iterator[str]:
    try:
        standings = fleet.queue_standings()
        yield from _gauge("chowk_redis_up", "Whether Redis answers.", {"": 1})
    except redis.RedisError:
        standings = []
        yield from _gauge("chowk_redis_up", "Whether Redis answers.", {"": 0})
    by_queue: dict[str, tuple[str, dict[str, float]]] = {
        "chowk_queue_jobs": ("Jobs that wait in Redis.", {q.name: q.depth for q in standings}),
        "chowk_queue_due": ("Rows that should be on their way already.", {q.name: q.due_count for q in standings}),
        "chowk_queue_oldest_seconds": (
            "How long the oldest has waited.",
            {q.name: q.oldest_seconds for q in standings},
        ),
        "chowk_queue_failed_jobs": ("Jobs that raised an error.", {q.name: q.failed_count for q in standings}),
        "chowk_queue_dead_letters": ("Deliveries that were given up.", {q.name: q.dead_count for q in standings}),
        "chowk_queue_per_minute": ("Done a minute, over five minutes.", {q.name: q.per_minute for q in standings}),
        "chowk_queue_workers": ("Workers that listen.", {q.name: len(q.workers) for q in standings}),
    }
    for name, (help_text, values) in by_queue.items():
        yield from _gauge(name, help_text, {f'queue="{queue}"': value for queue, value in values.items()})
    down = dict(Provider.objects.values_list("name", "failure_count"))
    yield from _gauge(
        "chowk_provider_failures",
        "Failures in a row of a channel's provider, or of a push service.",
        {f'provider="{name}"': count for name, count in sorted(down.items())},
    )
    minute = activity.last_full_minute()
    yield from _gauge(
        "chowk_events_per_minute",
        "How often each event happened in the last full minute.",
        {f'event="{one.name}"': one.count for one in minute},
    )
    yield from _gauge(
        "chowk_event_mean_milliseconds",
        "How long those took in the mean that tell it.",
        {f'event="{one.name}"': one.milliseconds / one.count for one in minute if one.milliseconds},
    )
    yield from _gauge(
        "chowk_subscriber_lag",
        "Events that a subscriber has yet to deal with.",
        {f'subscriber="{name}"': lag for name, lag in fleet.follower_lags().items()},
    )


def _gauge(name: str, help_text: str, values: dict[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {help_text}"
    yield f"# TYPE {name} gauge"
    for labels, value in values.items():
        yield f"{name}{{{labels}}} {value:g}" if labels else f"{name} {value:g}"
