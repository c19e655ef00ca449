"""The only door for writes: every function here is one whole transaction, or part of the caller's."""

from payments.services.accounts import close_wallet
from payments.services.banking import receive_webhook, start_top_up, start_withdrawal
from payments.services.codes import send_code
from payments.services.drafts import confirm_draft, draft_transfer, request_transfer
from payments.services.holds import authorise_hold, capture_hold, expire_holds, void_hold
from payments.services.plans import cancel_subscription, renew_due, subscribe
from payments.services.prizes import pay_prize
from payments.services.requests import (
    accept_request,
    ask_for_money,
    cancel_request,
    decline_request,
    split_bill,
)
from payments.services.reversals import reverse_transfer
from payments.services.transfers import send_money, settle, settle_one

__all__ = [
    "accept_request",
    "ask_for_money",
    "authorise_hold",
    "cancel_request",
    "cancel_subscription",
    "capture_hold",
    "close_wallet",
    "confirm_draft",
    "decline_request",
    "draft_transfer",
    "expire_holds",
    "pay_prize",
    "receive_webhook",
    "renew_due",
    "request_transfer",
    "reverse_transfer",
    "send_code",
    "send_money",
    "settle",
    "settle_one",
    "split_bill",
    "start_top_up",
    "start_withdrawal",
    "subscribe",
    "void_hold",
]
