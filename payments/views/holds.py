from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from payments import queries, services
from payments.errors import PaymentsError
from payments.forms import CaptureForm, HoldForm
from payments.money import format_rupees
from payments.people import display_name
from payments.requests import SignedInRequest


@login_required
@require_http_methods(["GET", "POST"])
def holds(request: SignedInRequest) -> HttpResponse:
    """What you set aside for others, what they set aside for you, and setting money aside."""
    form = HoldForm(request.POST or None, payer=request.user)
    made = form.submit(
        lambda data: services.authorise_hold(
            payer=request.user,
            payee=data["recipient"],
            amount_paise=data["amount"],
            note=data["note"],
            key=data["key"],
        )
    )
    if made is not None:
        words = f"{format_rupees(made.amount_paise)} is set aside for {display_name(made.payee)}."
        messages.success(request, words)
        return redirect("payments:holds")
    context = {
        "form": form,
        "for_me": queries.holds_of(request.user, role="payee"),
        "by_me": queries.holds_of(request.user, role="payer"),
        "held_paise": queries.held_paise(request.user),
    }
    return render(request, "payments/holds.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "POST"])
def hold(request: SignedInRequest, hold_id: UUID) -> HttpResponse:
    """One hold, for its two people; the payee takes all of it or a part."""
    shown = queries.hold_for(request.user, hold_id, role="either")
    is_mine = shown.payee_id == request.user.pk
    form = CaptureForm(request.POST or None, hold=shown) if is_mine and shown.is_live else None
    if request.method == "POST":
        if form is None:
            messages.error(request, "Only whom it is set aside for can take it, and only once.")
            return redirect("payments:hold", hold_id)
        taken = form.submit(
            lambda data: services.capture_hold(payee=request.user, hold_id=hold_id, amount_paise=data["amount"])
        )
        if taken is not None:
            messages.success(request, f"{format_rupees(taken.captured_paise)} is in your wallet.")
            return redirect("payments:hold", hold_id)
    context = {"hold": shown, "form": form, "other": shown.payer if is_mine else shown.payee, "is_mine": is_mine}
    return render(request, "payments/hold.html", context, status=422 if form is not None and form.is_bound else 200)


@login_required
@require_POST
def void_hold(request: SignedInRequest, hold_id: UUID) -> HttpResponse:
    """Give a hold back to who made it."""
    try:
        given = services.void_hold(user=request.user, hold_id=hold_id)
    except PaymentsError as error:
        if error.status == 404:
            raise
        messages.error(request, str(error))
    else:
        messages.success(request, f"{format_rupees(given.amount_paise)} went back to {display_name(given.payer)}.")
    return redirect("payments:hold", hold_id)
