from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from notifications.kinds import Attachment
    from notifications.models import Notification

KINDS = (
    ("transfer_received", "Money received"),
    ("transfer_sent", "Money sent"),
    ("transfer_reversed", "Transfer reversed"),
    ("prize_received", "Prize received"),
    ("plan_unpaid", "Premium could not be renewed"),
    ("plan_ended", "Premium has ended"),
    ("money_requested", "Someone asks for money"),
    ("request_declined", "Request declined"),
    ("hold_made", "Money set aside for you"),
    ("hold_captured", "Your hold was taken"),
    ("hold_released", "Your hold came back"),
    ("top_up_received", "Money added"),
    ("withdrawal_sent", "Money withdrawn"),
    ("withdrawal_failed", "Withdrawal failed"),
)


SAMPLE = {
    "other": "Ravi Kumar",
    "amount": "₹1,250.00",
    "amount_paise": 125000,
    "note": "Chai and samosas",
    "balance": "₹8,750.00",
    "transfer_id": "6f1f0c52-7c3f-4d4c-9f37-3f1f2a3c4d5e",
    "price": "₹199.00",
    "ends_on": "12 May 2026",
    "expires_on": "19 May 2026",
    "of": "₹1,500.00",
    "state": "expired",
}
"""For the staff's preview of the words."""


WITH_RECEIPT = {"transfer_received", "transfer_sent", "transfer_reversed", "prize_received", "top_up_received"}
"""Whose e-mails carry the receipt as a PDF."""


def receipt_attachments(notification: "Notification") -> "Sequence[Attachment]":
    """The receipt of the transfer that the notification tells of."""
    from notifications.kinds import Attachment
    from payments.pdf.papers import receipt_pdf
    from payments.queries import receipt_for

    transfer_id = notification.data["transfer_id"]
    body = receipt_pdf(receipt_for(notification.user, transfer_id))
    return [Attachment(f"chowk-receipt-{transfer_id}.pdf", "application/pdf", body)]


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        from notifications import events, kinds, streams
        from payments.queries import may_read_wallet_stream
        from payments.services.codes import LIFETIME

        kinds.register(
            kinds.Kind(
                name="transfer_code",
                label="One-time codes",
                channels=("email", "sms"),
                templates="payments/notify/transfer_code",
                sample={
                    "code_id": "00000000-0000-0000-0000-000000000000",
                    "amount": "₹1,250.00",
                    "payee": "Ravi K.",
                    "minutes": 5,
                },
                security=True,
                expires_after=LIFETIME,
                secret=True,  # who has only the session must not find the code in the inbox
            )
        )
        streams.register("wallet", may_read_wallet_stream)
        events.describe("transfer.completed", "Money was sent, received or returned")
        for name, label in KINDS:
            kinds.register(
                kinds.Kind(
                    name=name,
                    label=label,
                    channels=("email", "sms", "push"),
                    templates=f"payments/notify/{name}",
                    sample=SAMPLE,
                    attachments=receipt_attachments if name in WITH_RECEIPT else None,
                )
            )
