"""Staff: how each kind of message reads, a test on each channel, and announcements."""

import uuid

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import audiences, kinds, queries, services
from notifications.forms import AnnouncementForm
from notifications.kinds import Kind
from notifications.models import Announcement, Contact
from notifications.rendering import Words, render_sample
from notifications.services import announcements
from notifications.views.signed_in import signed_in
from notifications.views.staff import staff_only

ANNOUNCED_PAGE_SIZE = 10


@staff_only
@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    """Send a test message to oneself: by the channel named, or by every one."""
    user, channel = signed_in(request), request.POST.get("channel", "")
    if channel and channel not in kinds.CHANNELS:
        raise Http404
    services.send_test(user=user, channel=channel, key=f"{timezone.now().timestamp():.6f}")
    way = queries.channel_label(channel) if channel else "every channel"
    messages.success(request, f"A test message is on its way to you by {way}: watch it here.")
    return redirect("notifications:inbox")


@staff_only
@require_GET
def preview(request: HttpRequest, kind_name: str) -> HttpResponse:
    """How a kind reads on each channel, in each language, with sample data."""
    kind = _kind_named(kind_name)
    readings: list[tuple[str, list[tuple[str, str, Words]]]] = [
        (
            channel,
            [(code, label, render_sample(channel, kind, language=code)) for code, label in Contact.Language.choices],
        )
        for channel in dict.fromkeys((*kind.channels, "push"))
    ]
    context = {"kind": kind, "readings": readings, "kinds": kinds.all_kinds()}
    return render(request, "notifications/preview.html", context)


@staff_only
@require_GET
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]  # its types know no arguments of a URL
    {"style-src": [UNSAFE_INLINE], "frame-ancestors": [SELF]}
)
def preview_email(request: HttpRequest, kind_name: str, language: str) -> HttpResponse:
    """The e-mail's HTML alone, as a mail program gets it, for a frame of the preview: its styles stand in its tags."""
    if language not in Contact.Language.values:
        raise Http404
    return HttpResponse(render_sample("email", _kind_named(kind_name), language=language).html)


@staff_only
@require_http_methods(["GET", "POST"])
def announce(request: HttpRequest) -> HttpResponse:
    """Write an announcement; see it with how many it reaches; send it. The second step sends it once, however often
    it is posted. `?part=sent` answers only what was announced before, which moves on while it is told."""
    if request.GET.get("part") == "sent":
        return render(request, "notifications/_announcements.html", {"page": _announced(request)})
    step = request.POST.get("step", "")
    form = AnnouncementForm(request.POST or None, initial={"key": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid():
        audience = form.cleaned_data["audience"]
        if step == "send":
            made = services.announce(author=signed_in(request), **form.cleaned_data)
            messages.success(request, "It is going out." if made else "This was sent already: nobody is told twice.")
            return redirect("notifications:announce")
        if step == "check":
            reach = queries.reach_of(announcements.KIND, audience)
            context = {"form": form, "reach": reach, "told": form.cleaned_data, "to": audiences.label_of(audience)}
            return render(request, "notifications/announce_check.html", context)
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "notifications/announce.html", {"form": form, "page": _announced(request)}, status=status)


def _announced(request: HttpRequest) -> Page[Announcement]:
    return Paginator(queries.announcements(), ANNOUNCED_PAGE_SIZE).get_page(request.GET.get("page"))


def _kind_named(name: str) -> Kind:
    kind = kinds.find(name)
    if kind is None:
        raise Http404
    return kind
