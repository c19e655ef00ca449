"""The answer when the database is away, has no connection to give, or is locked for too long: 503, try again."""

import logging
import sys
from typing import Any

from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

from config.problems import problem
from notifications.errors import Unavailable, is_unavailable

logger = logging.getLogger(__name__)

WORDS_FOR_PROGRAMS = f"{Unavailable.message} With the same Idempotency-Key nothing is done twice."


def note_failure(sender: Any, request: HttpRequest, **more: Any) -> None:
    """Django tells of an error that no view answered, wherever it was raised: also in the middleware further in."""
    request.is_unavailable = is_unavailable(sys.exc_info()[1])  # type: ignore[attr-defined]


def register() -> None:
    """Called once, when all apps are loaded."""
    got_request_exception.connect(note_failure, dispatch_uid="config.unavailable")


class UnavailableMiddleware(MiddlewareMixin):
    """Stands around all that may ask the database, and puts 503 in the place of such a failure's 500."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code != 500:
            return response
        if not getattr(request, "is_unavailable", False):
            return _broken(request) or response
        return _unavailable(request)


def answer_to(error: Exception, request: HttpRequest) -> HttpResponse | None:
    """For those who see the failure before Django does; None where it is another."""
    if not is_unavailable(error):
        return None
    logger.exception("the database does not answer", exc_info=error)
    return _unavailable(request)


def _unavailable(request: HttpRequest) -> HttpResponse:
    """Made without the database."""
    answer = _answer(request)
    answer["Retry-After"] = str(Unavailable.retry_after_seconds)
    answer["Cache-Control"] = "no-store"
    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(Unavailable.status, Unavailable.code, WORDS_FOR_PROGRAMS)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"error": Unavailable().as_dict()}, status=Unavailable.status)
    return HttpResponse(render_to_string("503.html"), status=Unavailable.status)


def _broken(request: HttpRequest) -> HttpResponse | None:
    """An error of ours: for programs a problem like any other, for people Django's page stays."""
    if request.path.startswith("/api/"):
        return problem(500, "internal_error", "Something broke on our side. It is written down.")
    return None
