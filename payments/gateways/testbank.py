"""A bank for trying things out: its page moves no real money, its webhooks are signed like any other's."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from standardwebhooks import Webhook, WebhookVerificationError

from payments import errors
from payments.gateways.base import News
from payments.models import BankMove

MEANINGS = {"payment.paid": "paid", "payment.failed": "failed", "payment.pending": "waiting"}


class TestBank:
    """The embedded bank. It is there in DEBUG runs, or with TEST_BANK=1."""

    __test__ = False

    name = "testbank"
    label = "Test bank"
    can_withdraw = True

    def start(self, move: BankMove, *, return_url: str) -> tuple[str, str]:
        reference = f"tb_{move.pk.hex}"
        return reference, reverse("payments:testbank", args=[reference])

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> News:
        try:
            payload: Any = self._signer().verify(body, {name.lower(): value for name, value in headers.items()})
            return News(
                event_id=headers["webhook-id"],
                type=payload["type"],
                reference=payload["reference"],
                meaning=MEANINGS.get(payload["type"], "unknown"),  # type: ignore[arg-type]
                amount_paise=payload.get("amount_paise"),
                payload=payload,
            )
        except (WebhookVerificationError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise errors.ForgedWebhook from error

    def webhook(self, move: BankMove, type_: str, *, is_forged: bool = False) -> tuple[dict[str, str], bytes]:
        """The headers and body of what the bank would send."""
        event_id, now = f"evt_{uuid4().hex}", datetime.now(UTC)
        body = json.dumps({"type": type_, "reference": move.reference, "amount_paise": move.amount_paise})
        signature = self._signer().sign(event_id, now, body)
        if is_forged:
            signature = Webhook("Zm9yZ2VkIGJ5IHNvbWVib2R5IGVsc2U=").sign(event_id, now, body)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        return headers, body.encode()

    def _signer(self) -> Webhook:
        return Webhook(salted_hmac("payments.testbank", settings.SECRET_KEY, algorithm="sha256").digest())
