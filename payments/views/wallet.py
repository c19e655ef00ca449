from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from payments import queries
from payments.forms import TransferForm
from payments.requests import SignedInRequest

LATEST_COUNT = 8


@login_required
@require_GET
def wallet(request: SignedInRequest) -> HttpResponse:
    cursor = queries.wallet_cursor(request.user)
    return render(
        request,
        "payments/wallet.html",
        {
            **cursor,
            "balance_paise": queries.balance_paise(request.user),
            "held_paise": queries.held_paise(request.user),
            "plan": queries.plan_of(request.user),
            "lines": queries.latest_lines(request.user, LATEST_COUNT),
            "form": TransferForm(payer=request.user),
        },
    )
