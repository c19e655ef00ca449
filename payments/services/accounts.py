from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from payments import errors
from payments.ledger import wallet_id
from payments.models import Account, BankMove


def close_wallet(*, user: User) -> None:
    """Close the person's wallet for good; closing it again changes nothing.

    Raises:
        AccountNotEmpty: there is money in it, on hold, or on its way to the bank, from where it may come back.
    """
    own = Account.objects.filter(pk=wallet_id(user))
    with transaction.atomic():
        # Its row is locked from here on: what takes money out of it waits, and then finds it closed.
        if not own.filter(balance_paise=0).update(closed_at=timezone.now()):
            raise errors.AccountNotEmpty
        if Account.objects.filter(user=user, kind=Account.Kind.HOLD, balance_paise__gt=0).exists():
            raise errors.AccountNotEmpty("Some of its money is on hold: capture or void that first.")
        leaving = BankMove.objects.filter(user=user, direction=BankMove.Direction.WITHDRAWAL)
        if leaving.filter(state=BankMove.State.PENDING).exists():
            raise errors.AccountNotEmpty("A withdrawal is still on its way to the bank.")
