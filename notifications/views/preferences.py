"""What people want to hear, where, when and in which language."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import queries, services
from notifications.channels.push import vapid
from notifications.errors import NotificationsError, TooSoon, UnusableDevice
from notifications.forms import CodeForm, PhoneForm, ReadingForm
from notifications.rendering import UNSUBSCRIBE_SALT
from notifications.views.signed_in import signed_in


@method_decorator(login_required, name="dispatch")
class Preferences(View):
    """The page, and what its main form saves."""

    def get(self, request: HttpRequest) -> HttpResponse:
        contact = queries.contact_of(signed_in(request))
        initial = {name: getattr(contact, name) for name in ReadingForm.base_fields}
        return self._page(request, ReadingForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        user = signed_in(request)
        form = ReadingForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        services.set_reading(user=user, **form.cleaned_data)
        wanted = [value.partition(":")[::2] for value in request.POST.getlist("wanted")]
        services.set_wishes(user=user, wanted=wanted)
        messages.success(request, "Saved.")
        return redirect("notifications:preferences")

    def _page(self, request: HttpRequest, form: ReadingForm, status: int = 200) -> HttpResponse:
        user = signed_in(request)
        context = {
            "form": form,
            "rows": queries.wishes_of(user),
            "devices": queries.devices_of(user),
            "vapid_key": vapid.public_key(),
            "contact": queries.contact_of(user),
            "mailbox": queries.mailbox_of(user),
        }
        return render(request, "notifications/preferences.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def phone_number(request: HttpRequest) -> HttpResponse:
    """Ask for a number, and send a code to it."""
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            number = services.send_phone_code(user=signed_in(request), phone=form.cleaned_data["phone"])
        except NotificationsError as refusal:
            form.add_error("phone", str(refusal))
        else:
            messages.success(request, f"A code is on its way to {number}.")
            return redirect("notifications:phone_code")
    contact = queries.contact_of(signed_in(request))
    status = 422 if form.is_bound else 200
    return render(request, "notifications/phone_number.html", {"form": form, "contact": contact}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def phone_code(request: HttpRequest) -> HttpResponse:
    """Take the code that arrived."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            number = services.confirm_phone(user=signed_in(request), code=form.cleaned_data["code"])
        except NotificationsError as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, f"{number} is yours now.")
            return redirect("notifications:preferences")
    status = 422 if form.is_bound else 200
    context = {"form": form, "number": queries.address_to_prove(signed_in(request), "sms")}
    return render(request, "notifications/phone_code.html", context, status=status)


@login_required
@require_POST
def send_email_code(request: HttpRequest) -> HttpResponse:
    """Send a code to the person's e-mail address."""
    try:
        address = services.send_email_code(user=signed_in(request))
    except NotificationsError as refusal:
        messages.error(request, str(refusal))
        waiting = isinstance(refusal, TooSoon)
        return redirect("notifications:email_code" if waiting else "notifications:preferences")
    messages.success(request, f"A code is on its way to {address}.")
    return redirect("notifications:email_code")


@login_required
@require_http_methods(["GET", "POST"])
def email_code(request: HttpRequest) -> HttpResponse:
    """Take the code that arrived by e-mail."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            address = services.confirm_email(user=signed_in(request), code=form.cleaned_data["code"])
        except NotificationsError as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, f"{address} is verified.")
            return redirect("notifications:preferences")
    address = queries.address_to_prove(signed_in(request), "email")
    if not address and not form.is_bound:
        return redirect("notifications:preferences")
    status = 422 if form.is_bound else 200
    return render(request, "notifications/email_code.html", {"form": form, "address": address}, status=status)


@csrf_exempt  # RFC 8058: mail programs post here with nothing but the link; the token is signed
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Turn one kind off on one channel, for whoever holds the message; no login, and a GET changes nothing."""
    try:
        user_id, kind, channel = signing.loads(token, salt=UNSUBSCRIBE_SALT)
    except (signing.BadSignature, ValueError):
        raise Http404 from None
    person, label = queries.addressee(user_id, kind)
    if request.method == "POST":
        services.refuse(user=person, kind=kind, channel=channel)
    context = {"label": label, "channel": channel, "done": queries.refuses(person, kind, channel)}
    return render(request, "notifications/unsubscribe.html", context)


@login_required
@require_POST
def add_device(request: HttpRequest) -> HttpResponse:
    """A browser tells where its pushes go: the JSON of its PushSubscription."""
    try:
        given = json.loads(request.body)
        endpoint, keys = str(given["endpoint"]), given["keys"]
        public_key, auth_secret = str(keys["p256dh"]), str(keys["auth"])
    except (ValueError, TypeError, KeyError):
        raise UnusableDevice from None
    name = queries.browser_name(request.headers.get("User-Agent", ""))
    services.add_device(
        user=signed_in(request), endpoint=endpoint, public_key=public_key, auth_secret=auth_secret, name=name
    )
    return JsonResponse({"name": name}, status=201)


@login_required
@require_POST
def remove_device(request: HttpRequest, device_id: int) -> HttpResponse:
    """Push nothing to one of the person's browsers any more."""
    if not services.remove_device(user=signed_in(request), device_id=device_id):
        raise Http404
    messages.success(request, "No more pushes there.")
    return redirect("notifications:preferences")


@login_required
@require_GET
def push_key(request: HttpRequest) -> HttpResponse:
    """The key that a browser needs to subscribe."""
    return JsonResponse({"key": vapid.public_key()})
