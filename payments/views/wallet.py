from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from notifications.streams.log import last_seq
from payments import queries
from payments.forms import TransferForm
from payments.requests import SignedInRequest

LATEST_COUNT = 8


@login_required
@require_GET
def wallet(request: SignedInRequest) -> HttpResponse:
    # The cursor before the balance: an event that comes between the two is then shown twice, never missed.
    after = last_seq(queries.wallet_stream(request.user.pk))
    return render(
        request,
        "payments/wallet.html",
        {
            "after": after,
            "balance_paise": queries.balance_paise(request.user),
            "held_paise": queries.held_paise(request.user),
            "plan": queries.plan_of(request.user),
            "lines": queries.latest_lines(request.user, LATEST_COUNT),
            "form": TransferForm(payer=request.user),
        },
    )
