"""The inbox: what a person was told, and where each delivery of it stands."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from notifications import queries, services, streams
from notifications.outbox.announcing import inbox_stream
from notifications.views.signed_in import signed_in

PAGE_SIZE = 20


@login_required
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """The page, or with `?part=list` only what changes on it when something arrives."""
    user = signed_in(request)
    # Read before the rows, so that what arrives in between is told again rather than missed.
    after = streams.last_seq(inbox_stream(user.pk))
    show = "unread" if request.GET.get("show") == "unread" else "all"
    page = Paginator(queries.inbox(user, unread_only=show == "unread"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "entries": queries.inbox_entries(user, page.object_list),
        "show": show,
        "stream": inbox_stream(user.pk),
        "after": after,
    }
    part = request.GET.get("part") == "list"
    return render(request, "notifications/_inbox_list.html" if part else "notifications/inbox.html", context)


@login_required
@require_POST
def open_notification(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark it read and go to the thing itself."""
    user = signed_in(request)
    notification = queries.notification_for(user, notification_id)
    services.mark_read(user=user, notification_ids=[notification.pk])
    here = url_has_allowed_host_and_scheme(notification.url, {request.get_host()}, require_https=request.is_secure())
    return redirect(notification.url if notification.url and here else "notifications:inbox")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all of it read."""
    if services.mark_all_read(user=signed_in(request)):
        messages.success(request, "All read.")
    return redirect("notifications:inbox")
