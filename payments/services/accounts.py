from django.contrib.auth.models import User
from django.utils import timezone

from payments import errors
from payments.ledger import wallet_id
from payments.models import Account


def close_wallet(*, user: User) -> None:
    """Close the person's wallet for good. Raises AccountNotEmpty; closing it again changes nothing."""
    closed = Account.objects.filter(pk=wallet_id(user), balance_paise=0).update(closed_at=timezone.now())
    if not closed:
        raise errors.AccountNotEmpty
