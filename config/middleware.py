"""What stands around every view."""

from zoneinfo import ZoneInfoNotFoundError

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from config.unavailable import answer_to
from notifications.errors import AppError
from notifications.queries import contact_of

ZONE_KEY = "time_zone"


def remember_time_zone(request: HttpRequest, name: str) -> None:
    """Keep the zone in the session, so that it costs no query a page."""
    request.session[ZONE_KEY] = name


class PageCompressionMiddleware(GZipMiddleware):
    """Compresses pages and JSON, a random length added against BREACH; files and streams go as they are."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        content_type = response.headers.get("Content-Type", "")
        if response.streaming or not content_type.startswith(("text/html", "application/json")):
            return response
        return super().process_response(request, response)


class TimeZoneMiddleware(MiddlewareMixin):
    """Tells times in the zone of the person who asks; strangers get the server's."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        # The first to ask the database. Django's own page for a failure would ask it again, and wait each time.
        try:
            self._activate(request)
        except Exception as error:
            answer = answer_to(error, request)
            if answer is None:
                raise
            return answer
        return None

    def _activate(self, request: HttpRequest) -> None:
        timezone.deactivate()
        if not request.user.is_authenticated:
            return
        if ZONE_KEY not in request.session:
            remember_time_zone(request, contact_of(request.user).time_zone)
        try:
            timezone.activate(request.session[ZONE_KEY])
        except (ValueError, ZoneInfoNotFoundError):
            timezone.deactivate()


class AppErrorMiddleware(MiddlewareMixin):
    """Answers a refusal that a view let through: JSON to those who ask for it, to people a page of ours."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Http404) and settings.DEBUG:
            # Django shows its own page then; that is for unknown addresses, not for a thing that is not there.
            return render(request, "404.html", status=404)
        if answer := answer_to(exception, request):
            return answer
        if not isinstance(exception, AppError):
            return None
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            return JsonResponse({"error": exception.as_dict()}, status=exception.status)
        return render(request, "error.html", {"error": exception}, status=exception.status)
