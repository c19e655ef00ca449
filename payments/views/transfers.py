from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from payments import queries, services
from payments.errors import PaymentsError
from payments.forms import TransferForm
from payments.pdf import papers
from payments.people import masked_name
from payments.requests import SignedInRequest


@login_required
@require_http_methods(["GET", "POST"])
def send(request: SignedInRequest) -> HttpResponse:
    """Ask for a transfer; nothing moves before it is confirmed."""
    initial = {"recipient": request.GET.get("to", ""), "amount": request.GET.get("amount", "")}
    form = TransferForm(request.POST or None, payer=request.user, initial=initial)
    draft = form.submit(
        lambda data: services.draft_transfer(
            payer=request.user,
            payee=data["recipient"],
            amount_paise=data["amount"],
            note=data["note"],
            key=data["key"],
        )
    )
    if draft is not None:
        return redirect("payments:confirm", draft.pk)
    status = 422 if form.is_bound else 200
    balance = queries.balance_paise(request.user)
    return render(request, "payments/send.html", {"form": form, "balance_paise": balance}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def confirm(request: SignedInRequest, draft_id: UUID) -> HttpResponse:
    """Show to whom the money would go, and move it on a yes."""
    draft = queries.draft_for(request.user, draft_id)
    refusal = None
    if request.method == "POST":
        try:
            code = request.POST.get("code", "")
            posted = services.confirm_draft(payer=request.user, draft_id=draft_id, code=code)
        except PaymentsError as error:
            refusal = error
        else:
            return redirect("payments:receipt", posted.transfer_id)
    elif draft.transfer_id is not None:
        return redirect("payments:receipt", draft.transfer_id)
    balance = queries.balance_paise(request.user)
    context = {
        "draft": draft,
        "payee_name": masked_name(draft.payee),
        "balance_paise": balance,
        "left_paise": balance - draft.amount_paise,
        "is_over": not queries.is_fresh(draft),
        "refusal": refusal,
    }
    return render(request, "payments/confirm.html", context, status=refusal.status if refusal else 200)


@login_required
@require_POST
def resend_code(request: SignedInRequest, draft_id: UUID) -> HttpResponse:
    """Another one-time code for the draft."""
    draft = queries.draft_for(request.user, draft_id)
    try:
        services.send_code(draft=draft)
    except PaymentsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "A new code is on its way. The earlier one no longer works.")
    return redirect("payments:confirm", draft.pk)


@login_required
@require_GET
def receipt(request: SignedInRequest, transfer_id: UUID) -> HttpResponse:
    """The receipt, for the two parties alone."""
    shown = queries.receipt_for(request.user, transfer_id)
    payer_name, payee_name = shown.names
    context = {"receipt": shown, "transfer": shown.transfer, "payer_name": payer_name, "payee_name": payee_name}
    return render(request, "payments/receipt.html", context)


@login_required
@require_GET
def receipt_pdf(request: SignedInRequest, transfer_id: UUID) -> HttpResponse:
    """The receipt as a file, for the two parties alone."""
    body = papers.receipt_pdf(queries.receipt_for(request.user, transfer_id))
    name = f"chowk-receipt-{transfer_id}.pdf"
    return HttpResponse(
        body, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
