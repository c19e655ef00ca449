from uuid import UUID

from django.contrib.auth.models import User

from payments import errors
from payments.ledger import Order, Posted
from payments.models import Transfer
from payments.services.transfers import MAX_NOTE_LENGTH, settle_one

REVERSIBLE = {Transfer.Kind.TRANSFER, Transfer.Kind.PRIZE, Transfer.Kind.PLAN}


def reverse_transfer(*, transfer_id: UUID, staff: User, reason: str) -> Posted:
    """Move a whole transfer back, as a new transfer that names it; once.

    Raises:
        UnknownTransfer, NotReversible, AlreadyReversed, InvalidNote
        InsufficientFunds: whoever got it has spent it.
    """
    transfer = Transfer.objects.filter(pk=transfer_id).first()
    if transfer is None:
        raise errors.UnknownTransfer
    if transfer.kind not in REVERSIBLE:
        raise errors.NotReversible
    if transfer.reversals.exists():
        raise errors.AlreadyReversed
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_NOTE_LENGTH:
        raise errors.InvalidNote("A reversal needs a reason of at most 140 characters.")
    return settle_one(
        Order(
            payer_id=transfer.payee_id,
            payee_id=transfer.payer_id,
            amount_paise=transfer.amount_paise,
            kind=Transfer.Kind.REVERSAL.value,
            key=f"reversal:{transfer.pk}",
            note=reason,
            created_by_id=staff.pk,
            reverses_id=transfer.pk,
        )
    )
