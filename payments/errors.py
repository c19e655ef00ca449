"""Why the wallet refuses: each in words for the person and in a code for a program. Nothing has moved."""

from notifications.errors import AppError


class PaymentsError(AppError):
    """Base of the wallet's refusals."""

    code = "payment_refused"
    status = 422


class InvalidAmount(PaymentsError):
    code = "invalid_amount"
    message = "Write the amount in digits, such as 100 or 99.50."


class AmountTooSmall(InvalidAmount):
    code = "amount_too_small"
    message = "The amount must be more than ₹0.00."


class AmountTooLarge(InvalidAmount):
    code = "amount_too_large"
    message = "That is more than one transfer can carry."


class UnknownRecipient(PaymentsError):
    code = "unknown_recipient"
    message = "Nobody here has that phone number, user name or verified e-mail address."


class InvalidPhone(UnknownRecipient):
    code = "invalid_phone"
    message = "That is not a complete phone number."


class TooManyLookups(PaymentsError):
    code = "too_many_lookups"
    status = 429
    message = "Too many names and numbers that nobody has. Try again in an hour."


class SelfTransfer(PaymentsError):
    code = "self_transfer"
    message = "That is you: money can only go to someone else."


class UnknownAccount(PaymentsError):
    code = "unknown_account"
    message = "There is no such account."


class AccountClosed(PaymentsError):
    code = "account_closed"
    message = "That wallet is closed."


class AccountNotEmpty(PaymentsError):
    code = "account_not_empty"
    message = "A wallet must be empty before it is closed."


class InsufficientFunds(PaymentsError):
    code = "insufficient_funds"
    status = 409
    message = "There is not enough money in the wallet."


class LimitExceeded(PaymentsError):
    code = "limit_exceeded"
    message = "That is over the limit of the plan."


class KeyReused(PaymentsError):
    """The idempotency key belongs to another request: draft-ietf-httpapi-idempotency-key-header, section 2.7."""

    code = "idempotency_key_reused"
    status = 422
    message = "This was sent before with other details. Start the transfer again."


class AlreadyReversed(PaymentsError):
    code = "already_reversed"
    status = 409
    message = "This transfer has been reversed already."


class UnknownTransfer(PaymentsError):
    code = "unknown_transfer"
    status = 404
    message = "There is no such transfer."


class DraftExpired(PaymentsError):
    code = "draft_expired"
    status = 410
    message = "This transfer waited too long for a yes. Start it again."


class InvalidKey(PaymentsError):
    code = "invalid_idempotency_key"
    status = 400
    message = "The idempotency key must be 1 to 100 printable characters."


class InvalidNote(PaymentsError):
    code = "invalid_note"
    message = "A note has at most 140 characters, on one line."


class CodeRequired(PaymentsError):
    code = "code_required"
    status = 403
    message = "Enter the code that we sent you."


class CodeWrong(PaymentsError):
    code = "code_wrong"
    status = 403
    message = "That is not the code."


class CodeExpired(PaymentsError):
    code = "code_expired"
    status = 403
    message = "That code no longer works. Ask for another."


class TooManyCodes(PaymentsError):
    code = "too_many_codes"
    status = 429
    message = "No more codes for now."


class UnknownRequest(PaymentsError):
    code = "unknown_request"
    status = 404
    message = "There is no such request."


class RequestClosed(PaymentsError):
    code = "request_closed"
    status = 409
    message = "This request is closed already."


class InvalidSplit(PaymentsError):
    code = "invalid_split"
    message = "Name 1 to 50 people besides yourself, each once."


class UnknownHold(PaymentsError):
    code = "unknown_hold"
    status = 404
    message = "There is no such hold."


class HoldSettled(PaymentsError):
    code = "hold_settled"
    status = 409
    message = "This hold is settled already."


class NotReversible(PaymentsError):
    code = "not_reversible"
    message = "Only payments between people, prizes and plan payments can be reversed."


class UnknownGateway(PaymentsError):
    code = "unknown_gateway"
    status = 404
    message = "There is no such payment gateway."


class ForgedWebhook(PaymentsError):
    code = "invalid_signature"
    status = 400
    message = "The signature does not fit."


class GatewayUnavailable(PaymentsError):
    code = "gateway_unavailable"
    status = 502
    message = "The bank does not answer. Try again in a minute: nothing has moved."
