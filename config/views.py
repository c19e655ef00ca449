"""The front door, and what belongs to the house rather than to one of its apps."""

from datetime import timedelta
from hashlib import sha256
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.queries import rooms_of
from config.charts import calendar_days, first_monday
from config.context import BARE_STYLESHEETS, THEMES
from config.middleware import remember_time_zone
from config.profile import ProfileForm, change_profile, profile_of
from config.search import search as find
from judge.queries import latest_submissions, solved_count, submissions_per_day
from notifications.queries import unread_count
from payments.money import format_rupees
from payments.queries import balance_paise, plan_of
from payments.requests import SignedInRequest

THEME_REMEMBERED = timedelta(days=365)
LONGEST_SEARCH = 100
SUBMISSIONS_SHOWN = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, for strangers; their rooms, balance and latest submissions, for those who are in."""
    if not request.user.is_authenticated:
        return render(request, "home.html")
    rooms = rooms_of(request.user)
    unread = [room for room in rooms if room.unread_count]
    return render(
        request,
        "home.html",
        {
            "my_rooms": rooms,
            "unread_rooms": unread,
            "unread_messages": sum(room.unread_count for room in unread),
            "submissions": latest_submissions(request.user, SUBMISSIONS_SHOWN),
        },
    )


@require_safe
@login_required
def search(request: SignedInRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    found = find(request.user, words) if words else None
    return render(request, "chowk/search.html", {"search_words": words, "found": found})


@require_safe
@login_required
def person(request: HttpRequest, username: str) -> HttpResponse:
    """Someone of this community, as the others see them."""
    somebody = get_object_or_404(User, username=username, is_active=True)
    today = timezone.localdate()
    days = calendar_days(submissions_per_day(somebody, since=first_monday(today)), today)
    context = {"person": somebody, "plan": plan_of(somebody), "solved": solved_count(somebody), "days": days}
    return render(request, "chowk/person.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: SignedInRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, initial=profile_of(request.user))
    if form.is_valid():
        change_profile(user=request.user, **form.cleaned_data)
        remember_time_zone(request, form.cleaned_data["time_zone"])
        messages.success(request, "Saved.")
        return redirect("profile")
    return render(request, "account/profile.html", {"form": form, "time_zones": sorted(available_timezones())})


@require_safe
@login_required
def numbers(request: HttpRequest) -> JsonResponse:
    """What the frame shows of a person, for the pages that stand open."""
    return JsonResponse(
        {
            "unread": unread_count(request.user),
            "balance": format_rupees(balance_paise(request.user)),
            "rooms": {str(room.id): room.unread_count for room in rooms_of(request.user) if room.unread_count},
        },
        headers={"Cache-Control": "no-store"},
    )


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's choice in a cookie, so that the next page is drawn in it at once."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponseBadRequest("The theme is light, dark or auto.")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "home"
    response = redirect(back)
    response.set_cookie("theme", chosen, max_age=THEME_REMEMBERED, samesite="Lax", secure=request.is_secure())
    return response


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("chowk/img/mark.svg"))


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put Chowk on its home screen: https://www.w3.org/TR/appmanifest/"""
    return JsonResponse(
        {
            "name": "Chowk",
            "short_name": "Chowk",
            "description": "Rooms, a wallet and a code judge for one community.",
            "start_url": "/",
            "display": "standalone",
            "background_color": "#fbfaf7",
            "theme_color": "#4338ca",
            "icons": [
                {"src": static("chowk/img/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": static("chowk/img/mark-192.png"), "sizes": "192x192", "type": "image/png"},
                {"src": static("chowk/img/mark-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "any"},
            ],
        },
        content_type="application/manifest+json",
    )


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the service worker keeps, and shows where no page can be fetched."""
    return render(request, "offline.html")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Served from the root, because a service worker rules only over what lies below it."""
    fonts = ["chowk/fonts/inter-latin.woff2", "chowk/fonts/jetbrains-mono-latin.woff2"]
    files = [reverse("offline"), *map(static, [*BARE_STYLESHEETS, *fonts])]
    version = sha256(" ".join(files).encode()).hexdigest()[:12]
    context = {"files": files, "version": version}
    return render(request, "chowk/sw.js", context, content_type="text/javascript")


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Every component of the design system on one page, for those who work on Chowk."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "chowk/design.html")
