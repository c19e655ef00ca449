import orjson
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from chat import calls, services
from chat.errors import ChatError, InvalidMessage
from chat.params import Params
from chat.views.answers import answering, back_of, json_or_redirect, refused, seat_for, user_of, wants_json

MAX_HOOK_BYTES = 64 * 1024


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def room_messages(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: a page of history as JSON (`before`, `after` or `around` a number). POST: a new message."""
    if request.method == "POST":
        return _post(request, slug)
    try:
        seat = seat_for(request, slug)
        return JsonResponse(calls.history(seat.user, Params({**request.GET.dict(), "room": seat.room.pk})))
    except ChatError as error:
        return refused(error)


@login_required
@require_POST
@answering
def posted_call(request: HttpRequest, name: str) -> HttpResponse:
    """Any call of chat/calls.py by a form: answers JSON to a script, else goes on to `next`."""
    function = calls.CALLS.get(name)
    if function is None:
        raise Http404("There is no such call.")
    result = function(user_of(request), Params(request.POST.dict()))
    if name == "chat.create_webhook" and not wants_json(request):
        address = request.build_absolute_uri(f"/rooms/hooks/{result['token']}/")
        messages.success(request, f"Copy the address now, it is not shown again: {address}")
    # A form that made a room goes there; one that says `then=here` stays where it is.
    url = back_of(request) if "then" in request.POST else result.get("url") or back_of(request)
    return json_or_redirect(request, result, url)


@csrf_exempt
@require_POST
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """What another program says by a webhook: JSON with `text`. No session is looked at, so none can be misused."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_HOOK_BYTES:
            raise InvalidMessage("A call has at most 64 KiB.")
        posted = services.post_by_webhook(token=token, text=_text_of(request.body))
    except ChatError as error:
        return refused(error)
    return JsonResponse(posted.as_dict(), status=201)


def _text_of(body: bytes) -> str:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidMessage('Send JSON such as {"text": "Build passed"}.') from None
    if not isinstance(payload, dict) or not isinstance(payload.get("text"), str):
        raise InvalidMessage('Send JSON such as {"text": "Build passed"}.')
    return payload["text"]


def _post(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        seat = seat_for(request, slug)
        values = {**request.POST.dict(), "room": seat.room.pk}
        result = calls.send(seat.user, Params(values))
    except ChatError as error:
        if wants_json(request):
            return refused(error)
        if error.status == 404:
            raise Http404(str(error)) from error
        messages.error(request, str(error))
        return redirect("chat:room", slug)
    command = result.get("command", {})
    if command.get("say") and not wants_json(request):
        messages.info(request, command["say"])
    url = command.get("go_to") or seat.room.get_absolute_url() + (
        f"#m{result['number']}" if "number" in result else ""
    )
    return json_or_redirect(request, result, url, status=201)
