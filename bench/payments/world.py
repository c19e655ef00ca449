"""The world that is measured: people, wallets with money, transfers made before, and who pays whom next."""

import itertools
import os
import random
import tempfile
import time
from collections.abc import Callable
from functools import cache
from typing import Any

WALLETS = 1_000
EARLIER_TRANSFERS = 50_000
EARLIER_RECEIPTS = 1_000


def set_up(folder: str) -> None:
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    os.environ["DATABASE_URL"] = f"postgresql://chowk@/chowk?host={folder}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="chowk-bench-var-"))
    import django

    django.setup()


def fill() -> None:
    """A database that is not new: people, wallets with money, and transfers made before."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff,"
            " is_active, date_joined) SELECT 'person' || i, '', false, '', '', '', false, true, now()"
            " FROM generate_series(1, %s) i",
            [WALLETS],
        )
        cursor.execute(
            "INSERT INTO payments_account (kind, name, user_id, may_overdraw, balance_paise, entry_count, last_hash,"
            " spent_day_paise, spent_month_paise, created_at)"
            " SELECT 'wallet', '', id, false, 0, 0, decode(repeat('00', 32), 'hex'), 0, 0, now() FROM auth_user"
        )
    from payments.ledger import post_transfers, system_id
    from payments.services import settle

    bank = system_id("bank")
    orders = OrderMaker(0)
    post_transfers([orders.make(bank, wallet, 10**11) for wallet in wallet_ids()])
    for _ in range(EARLIER_TRANSFERS // 1_000):
        post_transfers([orders.between(*random.sample(wallet_ids(), 2)) for _ in range(1_000)])
    # Receipts too: on an empty table PostgreSQL plans the checks of foreign keys as scans, and keeps to that plan
    # until the table is analysed.
    for _ in range(EARLIER_RECEIPTS // 100):
        settle([orders.between(*random.sample(wallet_ids(), 2)) for _ in range(100)])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


@cache
def wallet_ids() -> list[int]:
    from payments.models import Account

    return list(Account.objects.filter(kind="wallet").values_list("id", flat=True))


class OrderMaker:
    """Orders with keys that no other maker uses."""

    def __init__(self, number: int) -> None:
        self._prefix = f"bench-{time.time_ns()}-{number}"
        self._count = itertools.count()

    def make(self, payer: int, payee: int, paise: int) -> Any:
        from payments.ledger import Order

        return Order(payer, payee, paise, "transfer", f"{self._prefix}-{next(self._count)}")

    def between(self, payer: int, payee: int) -> Any:
        return self.make(payer, payee, random.randint(1, 500))


def chooser(mode: str) -> Callable[[], tuple[int, int]]:
    """Picks payer and payee: any two wallets, or the hot one and any other, in either direction."""
    wallets = wallet_ids()

    def any_two() -> tuple[int, int]:
        payer, payee = random.sample(wallets, 2)
        return payer, payee

    def hot_and_other() -> tuple[int, int]:
        other = random.choice(wallets[1:])
        return (wallets[0], other) if random.random() < 0.5 else (other, wallets[0])

    return hot_and_other if mode == "hot" else any_two
