import orjson
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from chat import calls, services
from chat.errors import ChatError, InvalidMessage
from chat.params import Params
from chat.views.answers import UNSENT, answering, back_of, refused, seat_for, user_of, wants_json
from notifications.errors import AppError

MAX_HOOK_BYTES = 64 * 1024


@login_required
@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """A page of a room's history as JSON: `before`, `after` or `around` a number, else the newest."""
    try:
        seat = seat_for(request, slug)
        return JsonResponse(calls.history(seat.user, Params({**request.GET.dict(), "room": seat.room.pk})))
    except ChatError as error:
        return refused(error)


@login_required
@require_POST
@answering
def posted_call(request: HttpRequest, name: str) -> HttpResponse:
    """Any call of chat/calls/ by a form: answers JSON to a script, else goes on to `next`."""
    function = calls.CALLS.get(name)
    if function is None:
        raise Http404("There is no such call.")
    try:
        result = function(user_of(request), Params(request.POST.dict()))
    except AppError:
        if name == "chat.send" and not wants_json(request):
            request.session[UNSENT] = request.POST.get("body", "")
        raise
    if wants_json(request):
        return JsonResponse(result)
    if name == "chat.create_webhook":
        address = request.build_absolute_uri(f"/rooms/hooks/{result['token']}/")
        messages.success(request, f"Copy the address now, it is not shown again: {address}")
    command = result.get("command", {})
    if command.get("say"):
        messages.info(request, command["say"])
    return redirect(command.get("go_to") or _next_of(request, result))


def _next_of(request: HttpRequest, result: calls.Result) -> str:
    """A form that made a room goes there, unless it says `then=here`; one that wrote a message goes to it."""
    back = back_of(request)
    if "number" in result:
        return f"{back}#m{result['number']}"
    return back if "then" in request.POST else result.get("url") or back


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
