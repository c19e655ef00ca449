"""One-time codes: sent by e-mail and SMS, for one draft, five minutes, five tries, once."""

from datetime import datetime, timedelta
from math import ceil

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from notifications.services import notify
from payments import errors
from payments.ledger import wallet_id
from payments.models import Draft, Transfer, TransferCode
from payments.money import PAISE_PER_RUPEE, format_rupees
from payments.people import masked_name
from payments.queries import is_fresh

CODE_FROM_PAISE = 5_000 * PAISE_PER_RUPEE
CODE_OVER_PAISE_FOR_NEW_RECIPIENT = 1_000 * PAISE_PER_RUPEE
LIFETIME = timedelta(minutes=5)
MAX_CODES = 3
"""Codes for one draft at most, and with five tries each: 15 guesses in a million."""
RESEND_AFTER = timedelta(seconds=30)
MAX_CODES_AN_HOUR = 10
"""For all drafts of one person: a stolen session cannot guess through draft after draft, nor flood a phone."""


def needs_code(*, payer: User, payee: User, amount_paise: int) -> bool:
    """Whether the transfer must be confirmed with a one-time code."""
    if amount_paise >= CODE_FROM_PAISE:
        return True
    if amount_paise <= CODE_OVER_PAISE_FOR_NEW_RECIPIENT:
        return False
    return not Transfer.objects.filter(
        payer_id=wallet_id(payer), payee_id=wallet_id(payee), kind=Transfer.Kind.TRANSFER
    ).exists()


def send_code(*, draft: Draft) -> TransferCode:
    """Send a fresh code for the draft; an earlier one no longer works.

    Raises:
        TooManyCodes: three were sent already, or the last one less than 30 seconds ago, or ten within the hour.
        DraftExpired: the draft can no longer be confirmed, so that no code would help.
    """
    now = timezone.now()
    with transaction.atomic():
        # The draft's lock: two requests at once must not both find room for one more.
        Draft.objects.select_for_update().get(pk=draft.pk)
        if draft.transfer_id is not None or not is_fresh(draft):
            raise errors.DraftExpired
        sent = list(TransferCode.objects.filter(draft=draft).order_by("created_at"))
        if len(sent) >= MAX_CODES:
            raise errors.TooManyCodes("No more codes for this transfer. Start it again.")
        if sent and sent[-1].created_at > now - RESEND_AFTER:
            raise errors.TooManyCodes("A code was just sent. Wait half a minute before asking for another.")
        _check_pace(draft.payer, now)
        TransferCode.objects.filter(draft=draft, expires_at__gt=now).update(expires_at=now)
        code = TransferCode.objects.create(draft=draft, created_at=now, expires_at=now + LIFETIME)
        notify(
            user=draft.payer,
            kind="transfer_code",
            key=str(code.pk),
            data={
                "code_id": str(code.pk),
                "amount": format_rupees(draft.amount_paise),
                "payee": masked_name(draft.payee),
                "minutes": LIFETIME // timedelta(minutes=1),
            },
        )
    return code


def _check_pace(payer: User, now: datetime) -> None:
    an_hour_ago = now - timedelta(hours=1)
    recent = TransferCode.objects.filter(draft__payer=payer, created_at__gt=an_hour_ago)
    times = list(recent.order_by("created_at").values_list("created_at", flat=True))
    if len(times) >= MAX_CODES_AN_HOUR:
        wait = times[-MAX_CODES_AN_HOUR] - an_hour_ago
        minutes = ceil(wait / timedelta(minutes=1))
        raise errors.TooManyCodes(
            f"You asked for {len(times)} codes within an hour. Try again in {minutes} minute{'s' * (minutes > 1)}.",
            retry_after=ceil(wait.total_seconds()),
        )


def try_code(*, draft: Draft, digits: str) -> TransferCode:
    """The draft's code, where the digits are right; the caller marks it as used. A wrong try counts, come what may.

    Raises:
        CodeRequired, CodeExpired, CodeWrong
    """
    digits = digits.strip().replace(" ", "")
    if not digits:
        raise errors.CodeRequired
    code = TransferCode.objects.filter(draft=draft).select_related("draft").order_by("-created_at").first()
    if code is None or code.used_at is not None or code.expires_at <= timezone.now():
        raise errors.CodeExpired
    # The try is taken before it is looked at, so that tries at once cannot share one.
    taken = TransferCode.objects.filter(pk=code.pk, tries_left__gt=0).update(tries_left=F("tries_left") - 1)
    if not taken:
        raise errors.CodeExpired
    if not constant_time_compare(digits, code.digits):
        left = max(code.tries_left - 1, 0)
        raise errors.CodeWrong(f"That is not the code. Tries left: {left}.", tries_left=left)
    return code


def use_code(*, code: TransferCode) -> None:
    """Mark the code as used, in the transaction of the transfer. Raises CodeExpired where another was faster."""
    if not TransferCode.objects.filter(pk=code.pk, used_at=None).update(used_at=timezone.now()):
        raise errors.CodeExpired
