"""Staff: how the queues stand, and dead letters."""

import redis
from django.contrib import messages
from django.contrib.auth.decorators import user_passes_test
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from notifications import fleet, kinds, queries, services

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
    }
    part = request.GET.get("part") == "queues"
    return render(request, "notifications/_queues.html" if part else "notifications/queues.html", context)


@staff_only
@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Try dead letters again: those chosen, or all of a channel."""
    if request.POST.get("all"):
        ids = list(queries.dead_letters(request.POST.get("channel", "")).values_list("pk", flat=True))
    else:
        ids = [int(value) for value in request.POST.getlist("delivery") if value.isdigit()]
    count = services.replay_deliveries(delivery_ids=ids)
    messages.success(request, f"{count} on their way again." if count else "Nothing was chosen.")
    return redirect("notifications:queues")
