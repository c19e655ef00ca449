"""Staff: how the queues stand, dead letters, a test message on each channel, and how kinds read."""

import redis
from django.contrib import messages
from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from notifications import fleet, kinds, queries, services
from notifications.models import Contact
from notifications.rendering import render as render_words
from notifications.views.signed_in import signed_in

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


@staff_only
@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    """Send a test message to oneself, by every channel."""
    user = signed_in(request)
    key = f"{timezone.now().timestamp():.6f}"
    services.notify(user=user, kind="test_message", key=key, data={}, url="/inbox/")
    messages.success(request, "A test message is on its way to you by every channel: watch it in your inbox.")
    return redirect("notifications:inbox")


@staff_only
@require_GET
def preview(request: HttpRequest, kind_name: str) -> HttpResponse:
    """How the newest notification of a kind reads on each channel, in each language."""
    kind = kinds.find(kind_name)
    if kind is None:
        raise Http404
    sample = queries.newest_of_kind(kind_name)
    readings = []
    if sample is not None:
        for code, language in Contact.Language.choices:
            contact = Contact(user=User(username="asha", first_name="Asha"), language=code)
            readings += [
                (language, channel, render_words(channel, kind, sample, contact))
                for channel in dict.fromkeys((*kind.channels, "push"))
            ]
    context = {"kind": kind, "readings": readings, "kinds": kinds.all_kinds()}
    return render(request, "notifications/preview.html", context)
