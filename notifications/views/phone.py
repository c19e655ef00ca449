"""The simulator's phone: what arrived at a number while no SMS provider is configured."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from notifications import queries, streams
from notifications.outbox.announcing import inbox_stream
from notifications.views.signed_in import signed_in


@login_required
@require_GET
def phone(request: HttpRequest, number: str = "") -> HttpResponse:
    """One's own phone; staff may look at any. With `?part=texts` only what changes on it."""
    user = signed_in(request)
    after = streams.last_seq(inbox_stream(user.pk))
    number, texts = queries.simulated_phone(user, number)
    context = {"number": number, "texts": texts, "stream": inbox_stream(user.pk), "after": after}
    part = request.GET.get("part") == "texts"
    return render(request, "notifications/_phone_texts.html" if part else "notifications/phone.html", context)
