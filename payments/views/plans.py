from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from payments import plans, queries, services
from payments.errors import PaymentsError
from payments.requests import SignedInRequest


@login_required
@require_GET
def plan(request: SignedInRequest) -> HttpResponse:
    """What the plans offer, and the person's own."""
    context = {
        "plan": queries.plan_of(request.user),
        "subscription": queries.subscription_of(request.user),
        "price_paise": plans.PREMIUM_PRICE_PAISE,
        "limits": plans.LIMITS,
        "balance_paise": queries.balance_paise(request.user),
    }
    return render(request, "payments/plan.html", context)


@login_required
@require_POST
def change_plan(request: SignedInRequest, change: str) -> HttpResponse:
    """Start Premium, or let it end with what is paid."""
    try:
        if change == "start":
            services.subscribe(user=request.user)
            messages.success(request, "You are on Premium.")
        else:
            services.cancel_subscription(user=request.user)
            messages.success(request, "Premium stays to the end of the month that you paid for, and ends then.")
    except PaymentsError as error:
        messages.error(request, str(error))
    return redirect("payments:plan")
