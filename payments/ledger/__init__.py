"""The ledger: the one place that moves money.

post_transfers([Order(...), …])     in one transaction, each with its own result
wallet_id(user), system_id("bank")  accounts, opened when they are first needed
check_ledger()                      proves that every number adds up and that no entry was touched
"""

from payments.ledger.accounts import hold_id, system_id, wallet_id
from payments.ledger.check import check_ledger
from payments.ledger.orders import Limits, Order, Posted
from payments.ledger.posting import post_transfer, post_transfers

__all__ = [
    "Limits",
    "Order",
    "Posted",
    "check_ledger",
    "hold_id",
    "post_transfer",
    "post_transfers",
    "system_id",
    "wallet_id",
]
