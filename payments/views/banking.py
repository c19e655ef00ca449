import threading
import time
import urllib.error
import urllib.request
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from payments import errors, gateways, queries, services
from payments.forms import BankForm
from payments.gateways.testbank import TestBank
from payments.models import BankMove
from payments.requests import SignedInRequest

LATE_SECONDS = 5.0
_START = {"top_up": services.start_top_up, "withdrawal": services.start_withdrawal}


@login_required
@require_http_methods(["GET", "POST"])
def bank(request: SignedInRequest) -> HttpResponse:
    """Add money from the bank, or take it out."""
    form = BankForm(request.POST or None, gateways=gateways.available())
    move = form.submit(
        lambda data: _START[data["direction"]](
            user=request.user,
            amount_paise=data["amount"],
            gateway=data["gateway"],
            key=data["key"],
            return_url=request.build_absolute_uri(reverse("payments:bank")),
        )
    )
    if move is not None:
        return redirect("payments:bank_move", move.pk)
    context = {
        "form": form,
        "moves": queries.bank_moves_of(request.user),
        "balance_paise": queries.balance_paise(request.user),
        "has_gateway": bool(gateways.available()),
    }
    return render(request, "payments/bank.html", context, status=422 if form.is_bound else 200)


@login_required
@require_GET
def bank_move(request: SignedInRequest, move_id: UUID) -> HttpResponse:
    """One top-up or withdrawal, with the way on to the gateway's own page."""
    cursor = queries.wallet_cursor(request.user)
    context = {"move": queries.bank_move_for(request.user, move_id), **cursor}
    return render(request, "payments/bank_move.html", context)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, gateway: str) -> JsonResponse:
    """What a gateway tells us. Its signature is what is believed, so there is no CSRF token."""
    try:
        event = services.receive_webhook(gateway=gateway, headers=request.headers, body=request.body)
    except errors.PaymentsError as error:
        return JsonResponse({"error": error.as_dict()}, status=error.status)
    return JsonResponse({"outcome": event.outcome})


@login_required
@require_http_methods(["GET", "POST"])
def testbank(request: SignedInRequest, reference: str) -> HttpResponse:
    """The test bank's own page: it approves or declines, and calls back as well or as badly as it is told."""
    if "testbank" not in gateways.available():
        raise Http404
    move = get_object_or_404(BankMove, reference=reference, gateway="testbank", user=request.user)
    if request.method == "POST":
        callback = request.build_absolute_uri(reverse("payments:webhook", args=["testbank"]))
        calls = _calls(move, request.POST.get("answer", ""), request.POST.get("manner", ""))
        delay = LATE_SECONDS if request.POST.get("manner") == "late" else 0.0
        threading.Thread(target=_call_back, args=(callback, calls, delay), daemon=True).start()
        return redirect("payments:bank_move", move.pk)
    return render(request, "payments/testbank.html", {"move": move})


def _calls(move: BankMove, answer: str, manner: str) -> list[tuple[dict[str, str], bytes]]:
    the_bank = TestBank()
    final = "payment.paid" if answer == "approve" else "payment.failed"
    if manner == "forged":
        return [the_bank.webhook(move, final, is_forged=True)]
    if manner == "out_of_order":
        return [the_bank.webhook(move, final), the_bank.webhook(move, "payment.pending")]
    call = the_bank.webhook(move, final)
    return [call, call] if manner == "twice" else [call]


def _call_back(url: str, calls: list[tuple[dict[str, str], bytes]], delay_seconds: float) -> None:
    time.sleep(delay_seconds)
    for headers, body in calls:
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310  (our own address)
        try:
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
        except urllib.error.URLError:
            # A refusal is what a forged call must meet.
            continue
