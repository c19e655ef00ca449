from django.contrib.auth.models import User

from payments.ledger import Order, Posted, system_id, wallet_id
from payments.models import Transfer
from payments.services.transfers import settle_one


def pay_prize(*, user: User, amount_paise: int, key: str, note: str) -> Posted:
    """Pay a prize from the prize account; the same key pays once.

    Raises:
        InsufficientFunds: the prize account has too little: staff fill it in the admin.
        PaymentsError: any other reason, and nothing has moved.
    """
    return settle_one(
        Order(system_id("prizes"), wallet_id(user), amount_paise, Transfer.Kind.PRIZE.value, f"prize:{key}", note)
    )
