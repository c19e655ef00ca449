"""Stripe Checkout, by Stripe's own library: https://docs.stripe.com/payments/checkout"""

import json
from collections.abc import Mapping
from typing import Any

import stripe

from payments import errors
from payments.gateways.base import News
from payments.models import BankMove


class StripeCheckout:
    """Top-ups by card or UPI on Stripe's page. Payouts need Stripe Connect, so withdrawals are not offered."""

    name = "stripe"
    label = "Card or UPI (Stripe)"
    can_withdraw = False

    def __init__(self, api_key: str, webhook_secret: str, api_base: str = "") -> None:
        bases: Any = {"base_addresses": {"api": api_base}} if api_base else {}
        self._client = stripe.StripeClient(api_key, max_network_retries=2, **bases)
        self._webhook_secret = webhook_secret

    def start(self, move: BankMove, *, return_url: str) -> tuple[str, str]:
        item: Any = {
            "quantity": 1,
            "price_data": {
                "currency": "inr",
                "unit_amount": move.amount_paise,
                "product_data": {"name": "Chowk wallet"},
            },
        }
        try:
            session = self._client.v1.checkout.sessions.create(
                params={
                    "mode": "payment",
                    "line_items": [item],
                    "client_reference_id": str(move.pk),
                    "success_url": return_url,
                    "cancel_url": return_url,
                },
                options={"idempotency_key": str(move.pk)},
            )
        except stripe.StripeError as error:
            raise errors.GatewayUnavailable from error
        return session.id, session.url or ""

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> News:
        if not self._webhook_secret:
            raise errors.ForgedWebhook("STRIPE_WEBHOOK_SECRET is not set, so nothing can be believed.")
        try:
            # Checks the time too: a recorded webhook cannot be sent again after five minutes.
            signature = {name.lower(): value for name, value in headers.items()}.get("stripe-signature", "")
            stripe.WebhookSignature.verify_header(body.decode(), signature, self._webhook_secret, 300)
            event = json.loads(body)
            session: dict[str, Any] = event["data"]["object"]
            return News(
                event_id=event["id"],
                type=event["type"],
                reference=str(session.get("id", "")),
                meaning=_meaning(event["type"], session),  # type: ignore[arg-type]
                amount_paise=session.get("amount_total"),
                payload=event,
            )
        except (stripe.SignatureVerificationError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise errors.ForgedWebhook from error


def _meaning(type_: str, session: dict[str, Any]) -> str:
    """https://docs.stripe.com/checkout/fulfillment: a completed session of a slow method is not paid yet."""
    if type_ == "checkout.session.completed":
        return "paid" if session.get("payment_status") == "paid" else "waiting"
    return {
        "checkout.session.async_payment_succeeded": "paid",
        "checkout.session.async_payment_failed": "failed",
        "checkout.session.expired": "failed",
    }.get(type_, "unknown")
