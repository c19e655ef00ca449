"""The wallet's pages."""

from payments.views.banking import bank, bank_move, testbank, webhook
from payments.views.holds import hold, holds, void_hold
from payments.views.plans import change_plan, plan
from payments.views.requests import answer_request, requests, split
from payments.views.statement import statement, statement_csv, statement_pdf
from payments.views.transfers import confirm, receipt, receipt_pdf, resend_code, send
from payments.views.wallet import wallet

__all__ = [
    "answer_request",
    "bank",
    "bank_move",
    "change_plan",
    "confirm",
    "hold",
    "holds",
    "plan",
    "receipt",
    "receipt_pdf",
    "requests",
    "resend_code",
    "send",
    "split",
    "statement",
    "statement_csv",
    "statement_pdf",
    "testbank",
    "void_hold",
    "wallet",
    "webhook",
]
