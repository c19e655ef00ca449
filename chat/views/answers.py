"""How a refusal becomes an answer: once, for all views of chat."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from chat import queries
from chat.errors import ChatError
from notifications.errors import AppError

P = ParamSpec("P")
UNSENT = "chat_unsent"
"""Where the session keeps what a refused form wanted to say, so that it stands in the composer again."""
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def wants_json(request: HttpRequest) -> bool:
    return request.accepts("application/json") and not request.accepts("text/html")


def refused(error: AppError) -> JsonResponse:
    """The refusal for a script, with the time to wait in its header too."""
    response = JsonResponse(error.as_dict(), status=error.status)
    if wait := error.details.get("retry_after_seconds"):
        response["Retry-After"] = str(wait)
    return response


def answering(view: View[P]) -> View[P]:
    """Refusals as answers to scripts and as pages; a form's refusal is said where it came from."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except AppError as error:
            if wants_json(request):
                return refused(error)
            if request.method != "POST":
                raise  # config.middleware makes a page of it
            messages.error(request, str(error))
            return redirect(back_of(request))

    return wrapped


def back_of(request: HttpRequest, default: str = "/rooms/") -> str:
    """Where a form wants to go on: within this site, else to the list of rooms."""
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        return back
    return default


def user_of(request: HttpRequest) -> User:
    """The signed-in person; views ask for login before."""
    if not isinstance(request.user, User):
        raise ChatError("Sign in first.")
    return request.user


def seat_for(request: HttpRequest, slug: str) -> queries.Seat:
    return queries.room_for(user_of(request), slug)
