"""Staff: how the queues stand, dead letters, and charts of what happened."""

import redis
from django.contrib import messages
from django.contrib.auth.decorators import user_passes_test
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from notifications import activity as charted
from notifications import fleet, kinds, queries, services
from notifications.views.chosen import chosen_ids

DEAD_PAGE_SIZE = 25

staff_only = user_passes_test(lambda user: user.is_active and user.is_staff)


@staff_only
@require_GET
def queues(request: HttpRequest) -> HttpResponse:
    """The page. With `?part=queues` only the table, which the page asks for again and again."""
    try:
        standings, error = fleet.queue_standings(), ""
    except redis.RedisError as away:
        standings, error = [], str(away)
    dead = Paginator(queries.dead_letters(request.GET.get("channel", "")), DEAD_PAGE_SIZE)
    context = {
        "queues": standings,
        "lags": fleet.follower_lags(),
        "error": error,
        "page": dead.get_page(request.GET.get("page")),
        "channel": request.GET.get("channel", ""),
        "channels": kinds.CHANNELS,
        "kinds": kinds.all_kinds(),
        "announcements": queries.unfinished_announcements(),
    }
    part = request.GET.get("part") == "queues"
    return render(request, "notifications/_queues.html" if part else "notifications/queues.html", context)


@staff_only
@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Try dead letters again: `one`, those chosen, or all of a channel."""
    channel = request.POST.get("channel", "")
    if request.POST.get("all"):
        ids = list(queries.dead_letters(channel).values_list("pk", flat=True))
    else:
        named = request.POST.getlist("one") or request.POST.getlist("delivery")
        ids = chosen_ids(named)
    count = services.replay_deliveries(delivery_ids=ids)
    if count:
        messages.success(request, f"{count:,} on {'its' if count == 1 else 'their'} way again.")
    else:
        messages.warning(request, "None is a dead letter any more." if ids else "Nothing was chosen.")
    here = reverse("notifications:queues")
    return redirect(f"{here}?channel={channel}" if channel in kinds.CHANNELS else here)


@staff_only
@require_GET
def activity(request: HttpRequest) -> HttpResponse:
    """What happened and how long it took, in steps of a while. With `?part=charts` only the charts."""
    period = charted.period_named(request.GET.get("period", ""))
    context = {
        "period": period,
        "periods": charted.PERIODS,
        "events": charted.event_series(period),
        "queues": charted.queue_series(period),
    }
    part = request.GET.get("part") == "charts"
    return render(request, "notifications/_activity.html" if part else "notifications/activity.html", context)
