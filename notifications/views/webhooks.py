"""A person's webhooks: where they lead, what went there, and sending it again."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import queries, services
from notifications.errors import NotificationsError
from notifications.forms import WebhookForm
from notifications.views.chosen import chosen_ids
from notifications.views.signed_in import signed_in

LOG_PAGE_SIZE = 30


@login_required
@require_http_methods(["GET", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """The list, and the form for another one."""
    user = signed_in(request)
    form = WebhookForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_webhook(owner=user, url=form.cleaned_data["url"], names=form.cleaned_data["names"])
        except NotificationsError as refusal:
            form.add_error("url", str(refusal))
        else:
            messages.success(request, "Added. Check its signature with the secret below.")
            return redirect("notifications:webhook", made.pk)
    context = {"form": form, "webhooks": queries.webhooks_of(user)}
    return render(request, "notifications/webhooks.html", context, status=422 if form.is_bound else 200)


@login_required
@require_GET
def webhook(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """One of them, with its secret and its log."""
    found = queries.webhook_for(signed_in(request), webhook_id)
    log = Paginator(queries.webhook_log(found), LOG_PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "notifications/webhook.html", {"webhook": found, "page": log})


@login_required
@require_POST
def change_webhook(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """Turn it on or off, replace its secret, replay, or remove it."""
    found = queries.webhook_for(signed_in(request), webhook_id)
    action = "replay" if request.POST.get("one") else request.POST.get("action", "")
    if action == "remove":
        services.remove_webhook(webhook=found)
        messages.success(request, "Removed.")
        return redirect("notifications:webhooks")
    if action in ("on", "off"):
        services.set_webhook_active(webhook=found, active=action == "on")
        messages.success(request, "On." if action == "on" else "Off: what happens now is not told.")
    elif action == "secret":
        services.replace_secret(webhook=found)
        messages.success(request, "It has a new secret; the old one signs nothing any more.")
    elif action == "replay":
        named = request.POST.getlist("one") or request.POST.getlist("delivery")
        # What names no row sends none; only with nothing named are all meant.
        count = services.replay_webhook(webhook=found, delivery_ids=chosen_ids(named) if named else None)
        messages.success(request, f"{count} on their way again." if count else "There is nothing to send again.")
    return redirect("notifications:webhook", found.pk)
