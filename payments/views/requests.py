from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from payments import queries, services
from payments.errors import PaymentsError
from payments.forms import AskForm, SplitForm
from payments.money import format_rupees
from payments.people import display_name
from payments.requests import SignedInRequest


@login_required
@require_http_methods(["GET", "POST"])
def requests(request: SignedInRequest) -> HttpResponse:
    """Who asks you, whom you ask, and asking someone."""
    form = AskForm(request.POST or None, payer=request.user)
    asked = form.submit(
        lambda data: services.ask_for_money(
            asker=request.user,
            payer=data["recipient"],
            amount_paise=data["amount"],
            note=data["note"],
            key=data["key"],
        )
    )
    if asked is not None:
        messages.success(request, f"Asked {display_name(asked.payer)} for {format_rupees(asked.amount_paise)}.")
        return redirect("payments:requests")
    context = {
        "form": form,
        "to_pay": queries.requests_of(request.user, role="payer"),
        "asked": queries.requests_of(request.user, role="asker"),
    }
    return render(request, "payments/requests.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def answer_request(request: SignedInRequest, request_id: UUID, answer: str) -> HttpResponse:
    """Accept, decline or cancel a request."""
    try:
        if answer == "accept":
            draft = services.accept_request(payer=request.user, request_id=request_id)
            return redirect("payments:confirm", draft.pk)
        if answer == "decline":
            services.decline_request(payer=request.user, request_id=request_id)
        else:
            services.cancel_request(asker=request.user, request_id=request_id)
    except PaymentsError as error:
        if error.status == 404:
            raise
        messages.error(request, str(error))
    return redirect("payments:requests")


@login_required
@require_http_methods(["GET", "POST"])
def split(request: SignedInRequest) -> HttpResponse:
    """Share a bill with others; a room links here with its people's names and its own."""
    initial = {"people": request.GET.get("with", "")[:4000], "place": request.GET.get("from", "")[:120]}
    form = SplitForm(request.POST or None, creator=request.user, initial=initial)
    made = form.submit(
        lambda data: services.split_bill(
            creator=request.user,
            people=data["people"],
            total_paise=data["amount"],
            note=data["note"],
            place=data["place"],
            key=data["key"],
        )
    )
    if made is not None:
        messages.success(request, f"{format_rupees(made.total_paise)} is split: everyone has been asked.")
        return redirect("payments:requests")
    return render(request, "payments/split.html", {"form": form}, status=422 if form.is_bound else 200)
