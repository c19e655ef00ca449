from uuid import UUID

from django.contrib.auth.models import User

from payments import errors
from payments.ledger import Order, Posted, wallet_id
from payments.models import Transfer
from payments.services.transfers import check_note, settle_one

REVERSIBLE = {Transfer.Kind.TRANSFER, Transfer.Kind.PRIZE, Transfer.Kind.PLAN, Transfer.Kind.CAPTURE}


def reverse_transfer(*, transfer_id: UUID, staff: User, reason: str) -> Posted:
    """Move a whole transfer back, as a new transfer that names it; once.

    Raises:
        UnknownTransfer, NotReversible, AlreadyReversed, InvalidNote
        InsufficientFunds: whoever got it has spent it.
    """
    transfer = Transfer.objects.select_related("payer__user").filter(pk=transfer_id).first()
    if transfer is None:
        raise errors.UnknownTransfer
    if transfer.kind not in REVERSIBLE:
        raise errors.NotReversible
    if transfer.reversals.exists():
        raise errors.AlreadyReversed
    reason = reason.strip()
    if not reason:
        raise errors.InvalidNote("A reversal needs a reason of at most 140 characters.")
    check_note(reason)
    # What came from a hold goes back to that person's wallet: the hold itself is over.
    is_capture = transfer.kind == Transfer.Kind.CAPTURE
    return settle_one(
        Order(
            payer_id=transfer.payee_id,
            payee_id=wallet_id(transfer.payer.user) if is_capture else transfer.payer_id,
            amount_paise=transfer.amount_paise,
            kind=Transfer.Kind.REVERSAL.value,
            key=f"reversal:{transfer.pk}",
            note=reason,
            created_by_id=staff.pk,
            reverses_id=transfer.pk,
        )
    )
