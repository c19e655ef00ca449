"""Small makers of people with money."""

import uuid
from typing import Any

from django.contrib.auth.models import User

from notifications.models import Contact
from payments.ledger import Order, Posted, post_transfer, system_id, wallet_id
from payments.models import Account

RUPEE = 100


def make_person(name: str, *, paise: int = 0, phone: str | None = None, **fields: Any) -> User:
    user = User.objects.create_user(name, f"{name}@chowk.example", "secret", **fields)
    if phone:
        Contact.objects.update_or_create(user=user, defaults={"phone": phone})
    if paise:
        give(user, paise)
    return user


def give(user: User, paise: int) -> Posted:
    return post_transfer(order(system_id("bank"), wallet_id(user), paise, kind="grant"))


def order(payer_id: int, payee_id: int, amount_paise: int, *, kind: str = "transfer", **fields: Any) -> Order:
    fields.setdefault("key", str(uuid.uuid4()))
    return Order(payer_id, payee_id, amount_paise, kind, **fields)


def balance(account_id: int) -> int:
    return Account.objects.get(pk=account_id).balance_paise
